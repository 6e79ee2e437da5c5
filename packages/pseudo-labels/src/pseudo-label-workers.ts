import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ConfigError, InterruptedError } from '@fsmr/core/errors';
import { makePseudoLabelFile, type PseudoLabelJob } from './pseudo-label-files.js';
import { type PackedError, unpackError } from './worker-error.js';

/** How far the work is. */
export interface PseudoLabelProgress {
  readonly done: number;
  readonly total: number;
  /** The job just finished. */
  readonly job: PseudoLabelJob;
}

/** How pseudo labels of a data set are made. */
export interface PseudoLabelWorkOptions {
  /** Threads; one for each processor when absent, at most one a job. 0 works in this thread. */
  readonly workers?: number | undefined;
  readonly onProgress?: ((progress: PseudoLabelProgress) => void) | undefined;
  /** Stops the work; finished files stay. */
  readonly signal?: AbortSignal | undefined;
  /** The worker's script; the package's own when absent. */
  readonly script?: URL | undefined;
}

type Run = (job: PseudoLabelJob) => Promise<void>;

function inWorker(worker: Worker): Run {
  return (job) =>
    new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
        action();
      };
      const onMessage = (answer: { ok: true } | { ok: false; error: PackedError }): void =>
        settle(() => (answer.ok ? resolve() : reject(unpackError(answer.error))));
      const onError = (error: Error): void => settle(() => reject(error));
      const onExit = (): void => settle(() => reject(new InterruptedError('a worker thread was ended.')));
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      worker.postMessage(job);
    });
}

/**
 * Makes the pseudo labels of many scans in worker threads. Each file is written whole or not at all, so work that was
 * interrupted can go on with the jobs whose files are missing. Results do not depend on the number of threads.
 *
 * Where the package runs from its sources, which threads cannot load, the work is done in this thread.
 *
 * @throws the first error of any job, after the running ones are stopped; InterruptedError where `signal` fires.
 */
export async function makePseudoLabels(
  jobs: readonly PseudoLabelJob[],
  options: PseudoLabelWorkOptions = {},
): Promise<void> {
  const { onProgress, signal } = options;
  const script = options.script ?? new URL('./worker.js', import.meta.url);
  const wanted = options.workers ?? availableParallelism();
  if (!Number.isInteger(wanted) || wanted < 0) {
    throw new ConfigError(`the number of workers must be an integer from 0 on, found ${wanted}.`);
  }
  const count = existsSync(fileURLToPath(script)) ? Math.min(wanted, jobs.length) : 0;
  const workers = Array.from({ length: count }, () => new Worker(script));
  const runs: Run[] = count === 0 ? [makePseudoLabelFile] : workers.map(inWorker);
  let next = 0;
  let done = 0;
  let failed = false;
  const work = async (run: Run): Promise<void> => {
    while (next < jobs.length && !failed) {
      if (signal?.aborted === true) throw new InterruptedError(`stopped after ${done} of ${jobs.length} scans.`);
      const job = jobs[next++]!;
      await run(job);
      done++;
      onProgress?.({ done, total: jobs.length, job });
    }
  };
  const stop = (): void => {
    for (const worker of workers) void worker.terminate();
  };
  signal?.addEventListener('abort', stop);
  try {
    await Promise.all(runs.map(work));
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
