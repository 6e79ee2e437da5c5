import { availableParallelism } from 'node:os';
import { startEngine } from '@fsmr/engine';
import type { RunConfig } from '../config/schema.js';
import { type Versions, versions } from './versions.js';

/** Starts the engine a configuration asks for and says on stderr which it is. */
export async function startConfiguredEngine(engine: RunConfig['engine']): Promise<Versions> {
  const threads = engine.threads ?? Math.min(availableParallelism(), 8);
  const started = await startEngine({
    threads,
    ...(engine.backend === undefined ? {} : { backend: engine.backend as never }),
  });
  process.stderr.write(`Engine: ${started.backend} (${started.reason})\n`);
  return versions(threads);
}
