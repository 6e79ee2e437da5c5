import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '@fsmr/core';
import { z } from 'zod';
import { isRecord } from '../config/deep-merge.js';
import { pathsFrom } from '../config/load.js';
import { folderName } from '../run/file-names.js';
import { type JsonObject, underKey } from './merge.js';

const label = z.union([z.string().min(1), z.number(), z.boolean()]);
const rules = z.array(z.record(z.string(), z.union([label, z.array(label).min(1)]))).optional();

const gridSchema = z.strictObject({
  name: z.string().optional(),
  base: z.union([z.string(), z.record(z.string(), z.unknown())]).describe('a configuration, or the file of one'),
  axes: z.record(z.string().min(1), z.array(z.unknown()).min(1)),
  include: rules.describe('only cells that match one of these'),
  exclude: rules.describe('no cells that match one of these'),
});

/** One value of an axis: what it is called, and what it changes. */
export interface AxisValue {
  readonly label: string;
  readonly patch: JsonObject;
}

/** Cells by labels: those that carry one of the labels on every axis named. */
export type Rule = ReadonlyMap<string, readonly string[]>;

/** A checked grid. */
export interface Grid {
  readonly name: string | undefined;
  /** What all cells share; paths in it are absolute. */
  readonly base: JsonObject;
  readonly axes: ReadonlyMap<string, readonly AxisValue[]>;
  readonly include: readonly Rule[] | undefined;
  readonly exclude: readonly Rule[];
  /** Where paths written in axes start. */
  readonly folder: string;
  /** The grid as it was written. */
  readonly source: unknown;
}

/**
 * Reads and checks a grid file (JSON). A base named by file lies relative to the grid, and paths in it relative to it.
 *
 * @throws ConfigError that names the file, the path of the wrong key and what is wrong with it.
 */
export async function loadGrid(file: string): Promise<Grid> {
  const source = await readJson(file, 'Give the path of a JSON grid.');
  const folder = dirname(resolve(file));
  const { base } = parsed(source, file);
  if (typeof base !== 'string') return checkGrid(source, { file, folder, base: pathsFrom(base, folder) });
  const path = resolve(folder, base);
  const value = await readJson(path, `It is the base of ${file}.`);
  if (!isRecord(value)) throw new ConfigError('is no configuration.', { file: path, remedy: 'Write an object.' });
  return checkGrid(source, { file, folder, base: pathsFrom(value, dirname(path)) });
}

/** Checks a grid whose base is read already. @throws ConfigError as {@link loadGrid} does. */
export function checkGrid(
  source: unknown,
  { file, folder, base }: { readonly file?: string; readonly folder: string; readonly base: JsonObject },
): Grid {
  const { name, axes: written, include, exclude = [] } = parsed(source, file);
  const axes = new Map(Object.entries(written).map(([axis, values]) => [axis, axisValues(axis, values, file)]));
  const known = (list: typeof exclude, key: string): Rule[] =>
    list.map((rule, index) => checkRule(rule, axes, `${key}.${index}`, file));
  return {
    name,
    base,
    axes,
    include: include === undefined ? undefined : known(include, 'include'),
    exclude: known(exclude, 'exclude'),
    folder,
    source,
  };
}

async function readJson(file: string, remedy: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError('cannot be read.', { file, cause, remedy });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`is not JSON: ${(cause as Error).message}.`, { file, cause });
  }
}

function parsed(source: unknown, file?: string): z.output<typeof gridSchema> {
  const result = gridSchema.safeParse(source);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'the grid' : path.join('.')}: ${message}`,
  );
  throw new ConfigError(`${faults.join('; ')}.`, { file, remedy: 'See `fsmr sweep --help` for the keys.' });
}

/** Short names of keys that are nearly always an axis. */
const shortKeys: Readonly<Record<string, string>> = { method: 'model.method' };

function axisValues(axis: string, values: readonly unknown[], file?: string): AxisValue[] {
  const key = shortKeys[axis] ?? axis;
  const found = values.map((value, index): AxisValue => {
    if (!isRecord(value)) {
      if (!label.safeParse(value).success) {
        throw fault(`axes.${axis}.${index}`, 'a text, a number, true, false or an object with a name is wanted', file);
      }
      const short = key.includes('.') && axis === key ? `${key.slice(key.lastIndexOf('.') + 1)} ${value}` : `${value}`;
      return { label: short, patch: underKey(key, value) };
    }
    const { name, ...patch } = value;
    if (!label.safeParse(name).success) throw fault(`axes.${axis}.${index}.name`, 'a name is wanted', file);
    return { label: String(name), patch };
  });
  for (const [index, one] of found.entries()) {
    const earlier = found.findIndex((other) => folderName(other.label) === folderName(one.label));
    if (earlier < index) {
      throw fault(`axes.${axis}.${index}`, `its name makes the same folder as that of axes.${axis}.${earlier}`, file);
    }
    if (!/[\p{L}\p{N}]/u.test(one.label))
      throw fault(`axes.${axis}.${index}`, 'its name needs a letter or a digit', file);
  }
  return found;
}

function checkRule(
  rule: Readonly<Record<string, unknown>>,
  axes: ReadonlyMap<string, readonly AxisValue[]>,
  path: string,
  file?: string,
): Rule {
  return new Map(
    Object.entries(rule).map(([axis, wanted]) => {
      const values = axes.get(axis);
      if (values === undefined) {
        throw fault(`${path}.${axis}`, `there is no such axis, only ${[...axes.keys()].join(', ')}`, file);
      }
      const labels = (Array.isArray(wanted) ? wanted : [wanted]).map(String);
      for (const one of labels) {
        if (values.some((value) => value.label === one)) continue;
        const names = values.map((value) => value.label).join(', ');
        throw fault(`${path}.${axis}`, `the axis has no ${JSON.stringify(one)}, only ${names}`, file);
      }
      return [axis, labels] as const;
    }),
  );
}

function fault(path: string, what: string, file?: string): ConfigError {
  return new ConfigError(`${path}: ${what}.`, { file, remedy: 'See `fsmr sweep --help` for the keys.' });
}
