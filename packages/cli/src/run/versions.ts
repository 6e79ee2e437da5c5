import { readFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import * as tf from '@tensorflow/tfjs';

/** What a result depends on besides configuration and data. */
export interface Versions {
  readonly fsmr: string;
  readonly node: string;
  readonly tfjs: string;
  readonly backend: string;
  readonly platform: string;
  readonly processor: string;
  readonly threads: number;
}

/** The version of this package. */
export async function ownVersion(): Promise<string> {
  for (const place of ['../package.json', '../../package.json']) {
    const text = await readFile(new URL(place, import.meta.url), 'utf8').catch(() => undefined);
    const found = text === undefined ? undefined : (JSON.parse(text) as { name?: string; version?: string });
    if (found?.name === '@fsmr/cli') return found.version ?? 'unknown';
  }
  return 'unknown';
}

/** Versions of this run. */
export async function versions(threads: number): Promise<Versions> {
  return {
    fsmr: await ownVersion(),
    node: process.version,
    tfjs: tf.version_core,
    backend: tf.getBackend(),
    platform: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    threads,
  };
}
