import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '@fsmr/engine';
import { checkConfig } from '../config/load.js';
import type { RunConfig, RunConfigInput } from '../config/schema.js';
import { type Versions, versions } from '../run/versions.js';

/** The smallest run that goes through everything: 64 pixels, two raters, four steps, one class a scan pair. */
export function tinyConfig(changes: Partial<RunConfigInput> = {}): RunConfig {
  return checkConfig({
    seed: 7,
    data: { kind: 'phantom', scans: 6, size: 64, raters: 2 },
    model: { backbone: 'tiny', channels: 8, methodOptions: { protoGridSize: 2 } },
    training: { steps: 4, learningRate: 0.01, superpixelArea: 40, checkpointEvery: 1 },
    evaluation: { panels: 1 },
    ...changes,
  });
}

/** A signal that says stop once it has been asked so many times, and counts on. */
export function stopAfter(times: number): AbortSignal & { readonly asked: () => number } {
  let asked = 0;
  return {
    get aborted() {
      return ++asked > times;
    },
    asked: () => asked,
  } as unknown as AbortSignal & { readonly asked: () => number };
}

/** A signal that never comes. */
export const noSignal: AbortSignal = new AbortController().signal;

/** A folder to run in, the engine on one thread, and its versions. */
export async function startTinyRuns(): Promise<{
  readonly at: (name: string) => string;
  readonly own: Versions;
  readonly end: () => Promise<void>;
}> {
  await startEngine({ threads: 1 });
  const folder = await mkdtemp(join(tmpdir(), 'fsmr-run-'));
  return {
    at: (name) => join(folder, name),
    own: await versions(1),
    end: () => rm(folder, { recursive: true }),
  };
}
