import { EngineError, unpackError } from '@fsmr/core';
import type { EpisodeRecords } from '@fsmr/training';
import type { EvaluationTask, FromWorker, WorkerSetup } from './evaluation-messages.js';
import { takeTask } from './evaluation-tasks.js';
import { startWorker, type WorkerProcess } from './worker-process.js';

/** An evaluation divided over child processes. */
export interface PoolInputs {
  readonly workers: number;
  readonly setup: WorkerSetup;
  readonly tasks: readonly EvaluationTask[];
  /** Called for one result after the other. */
  readonly onEpisode: (key: string, result: EpisodeRecords) => Promise<void>;
  readonly onLearning: (text: string) => void;
  /** Workers finish their running episode and leave. */
  readonly signal: AbortSignal;
}

/**
 * Runs tasks in child processes, which get a new one as soon as they are free. Only this process writes results, so
 * that none is lost with a worker, and the number of workers may change between visits.
 *
 * @throws the first error a worker reports, after all have stopped; EngineError with the last words of workers that
 *   died, after the others did all the rest, where something is left undone. For the signal nothing is thrown.
 */
export async function runInWorkers({ workers, setup, tasks, signal, ...inputs }: PoolInputs): Promise<void> {
  const waiting = [...tasks];
  const count = Math.min(workers, waiting.length);
  const running = new Map<number, EvaluationTask>();
  const pool: WorkerProcess[] = [];
  const deaths: Death[] = [];
  let fault: unknown;
  let writing = Promise.resolve();
  const halt = (): void => {
    for (const worker of pool) worker.tell({ kind: 'stop' });
  };
  const fail = (error: unknown): void => {
    fault ??= error;
    halt();
  };
  const proceed = (index: number): void => {
    const last = running.get(index)?.arm;
    running.delete(index);
    const busy = new Set([...running.values()].map(({ arm }) => arm));
    const task = fault === undefined && !signal.aborted ? takeTask(waiting, last, busy) : undefined;
    if (task !== undefined) running.set(index, task);
    pool[index]!.tell(task === undefined ? { kind: 'stop' } : { kind: 'task', task });
  };
  const hear = (index: number, message: FromWorker): void => {
    if (message.kind === 'free') proceed(index);
    if (message.kind === 'learning') inputs.onLearning(message.text);
    if (message.kind === 'failed') fail(unpackError(message.error));
    if (message.kind === 'episode') {
      writing = writing.then(() => inputs.onEpisode(message.key, message.result)).catch(fail);
    }
  };
  signal.addEventListener('abort', halt);
  try {
    for (let index = 0; index < count; index++) {
      pool.push(startWorker((message) => hear(index, message)));
      pool[index]!.tell({ kind: 'setup', setup });
    }
    const ends = pool.map(async ({ ended }, index) => {
      const end = await ended;
      if (end !== undefined) deaths.push({ worker: index + 1, task: running.get(index), end });
      running.delete(index);
    });
    await Promise.all(ends);
    await writing;
  } finally {
    signal.removeEventListener('abort', halt);
  }
  if (fault !== undefined) throw fault;
  const undone = waiting.length > 0 || deaths.some(({ task }) => task !== undefined);
  if (undone && deaths.length > 0 && !signal.aborted) {
    throw new EngineError(deaths.map((death) => deathText(death, count)).join(' '), {
      remedy: 'Give the same command again to go on; what is done is kept.',
    });
  }
}

/** A worker that ended without leave. */
interface Death {
  /** Its number, from 1. */
  readonly worker: number;
  /** What it had begun. */
  readonly task: EvaluationTask | undefined;
  /** What ended it, and its last words. */
  readonly end: string;
}

function deathText({ worker, task, end }: Death, count: number): string {
  const [episode] = task?.episodes ?? [];
  const place = episode === undefined ? '' : ` at ${episode.className} by ${episode.supportScan} of arm ${task!.arm}`;
  return `worker ${worker} of ${count} died${place}, ${end}.`;
}
