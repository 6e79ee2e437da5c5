import type { RunConfig } from '../config/schema.js';
import { startConfiguredEngine } from './engine.js';
import { interruptSignal } from './interrupt.js';
import type { Versions } from './versions.js';

/** What is done with a run's configuration once the engine is started. */
export type RunWork = (config: RunConfig, versions: Versions, signal: AbortSignal) => Promise<void>;

/** Starts the engine, and lets Ctrl-C stop the work in order. */
export async function withRun(config: RunConfig, work: RunWork): Promise<void> {
  const versions = await startConfiguredEngine(config.engine);
  const { signal, release } = interruptSignal();
  try {
    await work(config, versions, signal);
  } finally {
    release();
  }
}
