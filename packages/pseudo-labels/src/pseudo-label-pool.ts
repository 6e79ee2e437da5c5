import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ConfigError, EngineError, InterruptedError, type PackedError, unpackError } from '@fsmr/core/errors';
import { makePseudoLabelFile, type PseudoLabelJob } from './pseudo-label-files.js';

/** How many threads there are, and what stops them. */
export interface PseudoLabelPoolOptions {
  /** Most threads at once; one for each processor when absent. 0 works in this thread. */
  readonly workers?: number | undefined;
  /** Ends the threads; the jobs they had are refused, finished files stay. */
  readonly signal?: AbortSignal | undefined;
  /** The worker's script; the package's own when absent. */
  readonly script?: URL | undefined;
}

/** Threads that cut scans as these become ready. */
export interface PseudoLabelPool {
  /** Jobs that run at the same time, at least 1. */
  readonly size: number;
  /**
   * Runs a job as soon as a thread is free.
   * @throws the job's error; InterruptedError where the pool's signal fires or the pool is closed.
   */
  run(job: PseudoLabelJob): Promise<void>;
  /** Ends all threads, also those at work. */
  close(): Promise<void>;
}

/** What does one job after the other. */
interface Hand {
  readonly run: (job: PseudoLabelJob) => Promise<void>;
  /** Whether its thread has ended and it can do no more. */
  readonly isGone: () => boolean;
}

interface Waiting {
  readonly take: (hand: Hand) => void;
  readonly refuse: (error: Error) => void;
}

const ended = (): InterruptedError => new InterruptedError('the work was stopped while scans were being cut.');

function inWorker(worker: Worker, isClosed: () => boolean): Hand {
  let gone = false;
  worker.once('error', () => {
    gone = true;
  });
  worker.once('exit', () => {
    gone = true;
  });
  const run: Hand['run'] = (job) =>
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
      const onExit = (): void =>
        settle(() => reject(isClosed() ? ended() : new EngineError('the thread that cut this scan ended.')));
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      worker.postMessage(job);
    });
  return { run, isGone: () => gone };
}

/**
 * A pool of threads that make pseudo labels. A thread starts when a job first needs it. Each file is written whole or
 * not at all, and results do not depend on the number of threads.
 *
 * Where the package runs from its sources, which threads cannot load, the work is done in this thread.
 *
 * @throws ConfigError for a number of threads that is none.
 */
export function createPseudoLabelPool(options: PseudoLabelPoolOptions = {}): PseudoLabelPool {
  const { signal, script = new URL('./worker.js', import.meta.url) } = options;
  const wanted = options.workers ?? availableParallelism();
  if (!Number.isInteger(wanted) || wanted < 0) {
    throw new ConfigError(`the number of workers must be an integer from 0 on, found ${wanted}.`);
  }
  const threads = existsSync(fileURLToPath(script)) ? wanted : 0;
  const size = Math.max(1, threads);
  const workers: Worker[] = [];
  const idle: Hand[] = [];
  const waiting: Waiting[] = [];
  let started = 0;
  let closed = false;

  const start = (): Hand => {
    started++;
    if (threads === 0) return { run: (job) => makePseudoLabelFile(job, signal), isGone: () => false };
    const worker = new Worker(script);
    workers.push(worker);
    return inWorker(worker, () => closed);
  };
  const rested = (): Hand | undefined => {
    for (let hand = idle.pop(); hand !== undefined; hand = idle.pop()) {
      if (!hand.isGone()) return hand;
      started--;
    }
    return undefined;
  };
  const free = (): Hand | Promise<Hand> =>
    rested() ?? (started < size ? start() : new Promise((take, refuse) => waiting.push({ take, refuse })));
  const close = async (): Promise<void> => {
    closed = true;
    signal?.removeEventListener('abort', close);
    for (const { refuse } of waiting.splice(0)) refuse(ended());
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  signal?.addEventListener('abort', close);
  return {
    size,
    close,
    async run(job) {
      if (closed || signal?.aborted === true) throw ended();
      const hand = await free();
      try {
        await hand.run(job);
      } finally {
        const next = closed ? undefined : waiting.shift();
        // A thread that ended is replaced when somebody needs it.
        if (hand.isGone()) started--;
        else if (next === undefined) idle.push(hand);
        if (next !== undefined) next.take(hand.isGone() ? start() : hand);
      }
    },
  };
}
