import type { PseudoLabelJob } from './pseudo-label-files.js';
import { createPseudoLabelPool, type PseudoLabelPoolOptions } from './pseudo-label-pool.js';

/** How far the work is. */
export interface PseudoLabelProgress {
  readonly done: number;
  readonly total: number;
  /** The job just finished. */
  readonly job: PseudoLabelJob;
}

/** How pseudo labels of a data set are made. */
export interface PseudoLabelWorkOptions extends PseudoLabelPoolOptions {
  readonly onProgress?: ((progress: PseudoLabelProgress) => void) | undefined;
}

/**
 * Makes the pseudo labels of many scans in worker threads, see {@link createPseudoLabelPool}. Work that was interrupted
 * can go on with the jobs whose files are missing.
 *
 * @throws the first error of any job, after the running ones are stopped; InterruptedError where `signal` fires.
 */
export async function makePseudoLabels(
  jobs: readonly PseudoLabelJob[],
  options: PseudoLabelWorkOptions = {},
): Promise<void> {
  const { onProgress, ...poolOptions } = options;
  const pool = createPseudoLabelPool(poolOptions);
  let next = 0;
  let done = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < jobs.length && !failed) {
      const job = jobs[next++]!;
      await pool.run(job);
      done++;
      onProgress?.({ done, total: jobs.length, job });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(pool.size, jobs.length) }, work));
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    await pool.close();
  }
}
