import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { ConfigError } from '@fsmr/core';
import type { ZodError } from 'zod';
import { expandPreset } from './presets.js';
import { configSchema, type RunConfig } from './schema.js';

/**
 * Reads and checks a configuration file (JSON). Relative paths in it start from the file's folder.
 *
 * @throws ConfigError that names the file, the key and what is wrong with it.
 */
export async function loadConfig(file: string): Promise<RunConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('cannot be read.', { file, cause, remedy: 'Give the path of a JSON configuration file.' });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`is not JSON: ${(cause as Error).message}.`, {
      file,
      cause,
      remedy: 'Keys and text need double quotes, and no comma follows the last entry.',
    });
  }
  return pathsFrom(checkConfig(value, file), dirname(resolve(file)));
}

/** Checks a configuration value. @throws ConfigError with one line a fault. */
export function checkConfig(value: unknown, file?: string): RunConfig {
  const result = configSchema.safeParse(expandPreset(value, file));
  if (result.success) return result.data;
  throw new ConfigError(faults(result.error), { file, remedy: 'See `fsmr train --help` for the keys.' });
}

function faults(error: ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.length === 0 ? 'the configuration' : path.join('.')}: ${message}`)
    .join('; ')
    .concat('.');
}

/** A configuration, checked or not, whose relative paths start from a folder: with absolute ones. */
export function pathsFrom<
  Config extends { readonly data?: unknown; readonly model?: unknown; readonly preset?: unknown },
>(config: Config, folder: string): Config {
  const absolute = (part: unknown, key: string): unknown => {
    const path = (part as Readonly<Record<string, unknown>> | undefined)?.[key];
    return typeof path !== 'string' || isAbsolute(path) ? part : { ...(part as object), [key]: resolve(folder, path) };
  };
  const { data, model, preset } = config;
  return {
    ...config,
    ...(data === undefined ? {} : { data: absolute(absolute(data, 'folder'), 'test') }),
    ...(preset === undefined ? {} : { preset: absolute(preset, 'root') }),
    ...(model === undefined ? {} : { model: absolute(model, 'weights') }),
  };
}
