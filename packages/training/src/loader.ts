import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ConfigError, EngineError, InterruptedError, unpackError } from '@fsmr/core';
import { type SampleEpisode, toTensors } from '@fsmr/datasets';
import type { LoaderAnswer, LoaderRequest } from './loader-messages.js';
import { type TrainingPlan, totalSteps } from './plan.js';
import { type EpisodeSource, episodeRequest } from './train.js';

/** How episodes are loaded ahead of training. */
export interface EpisodeLoaderOptions {
  readonly plan: TrainingPlan;
  readonly seed: number | string;
  /** The first step that will be asked for; 0 when absent. */
  readonly start?: number | undefined;
  /** Threads, at least 1. */
  readonly loaders: number;
  /** Episodes each thread may be ahead, at least 1; 2 when absent. */
  readonly ahead?: number | undefined;
  /** JavaScript that calls {@link serveEpisodes}, such as `new URL('./episodes.worker.js', import.meta.url)`. */
  readonly script: URL;
  /** Given to each thread; anything `structuredClone` takes. */
  readonly data?: unknown;
}

/** Threads that make episodes while training is busy with others. */
export interface EpisodeLoader {
  /** Gives the episodes of the options' plan and seed, and no others. */
  readonly episodes: EpisodeSource;
  /** Ends all threads, also those at work; steps still awaited are refused with an InterruptedError. */
  readonly close: () => Promise<void>;
}

/**
 * Makes episodes in worker threads: their plain arrays, superpixels and augmentation included. This thread makes tensors
 * of them alone. An episode depends on plan, seed and step, so neither the number of threads nor their order changes it.
 * At most `loaders * ahead` episodes wait at any time.
 *
 * The caller closes the loader, whether training ends well or not.
 *
 * @throws ConfigError for a number below 1; EngineError where the script is missing. Errors of a thread are thrown where
 *   the episode of their step is awaited; an EngineError where a thread ends by itself.
 */
export function startEpisodeLoader(options: EpisodeLoaderOptions): EpisodeLoader {
  const { plan, seed, start = 0, loaders, ahead = 2, script } = options;
  for (const [name, value] of Object.entries({ loaders, ahead })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`${name} must be a whole number from 1 on, not ${value}.`);
    }
  }
  const file = fileURLToPath(script);
  if (!existsSync(file)) {
    throw new EngineError('the script of loading threads is missing.', {
      file,
      remedy: 'Build it first: threads load JavaScript alone. Or load in this thread.',
    });
  }
  const threads = Array.from({ length: loaders }, () => startThread(script, options.data));
  const steps = totalSteps(plan);
  const waiting = new Map<number, Promise<SampleEpisode>>();
  let next = start;
  const askAhead = (): void => {
    for (; waiting.size < loaders * ahead && next < steps; next++) {
      const { stage, random } = episodeRequest(plan, seed, next);
      waiting.set(next, threads[next % loaders]!.ask({ step: next, stage, random: random.state() }));
    }
  };
  askAhead();
  return {
    episodes: async ({ step }) => {
      if (!waiting.has(step)) {
        // Somebody starts elsewhere: what was made ahead is of no use.
        waiting.clear();
        next = step;
        askAhead();
      }
      const sample = await waiting.get(step)!;
      waiting.delete(step);
      askAhead();
      return toTensors(sample);
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

interface LoadingThread {
  ask(request: LoaderRequest): Promise<SampleEpisode>;
  end(): Promise<void>;
}

interface Answering {
  readonly resolve: (sample: SampleEpisode) => void;
  readonly reject: (error: Error) => void;
}

function startThread(script: URL, data: unknown): LoadingThread {
  const worker = new Worker(script, { workerData: data });
  const open = new Map<number, Answering>();
  let ended: Error | undefined;
  const fail = (error: Error): void => {
    ended ??= error;
    for (const { reject } of open.values()) reject(ended);
    open.clear();
  };
  worker.on('message', (answer: LoaderAnswer) => {
    const asked = open.get(answer.step);
    open.delete(answer.step);
    if ('error' in answer) asked?.reject(unpackError(answer.error));
    else asked?.resolve(answer.sample);
  });
  worker.on('error', (cause) => {
    fail(
      new EngineError(`a loading thread failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }),
    );
  });
  worker.on('exit', (code) => fail(new EngineError(`a loading thread ended by itself, with code ${code}.`)));
  return {
    ask: (request) => {
      const answer = new Promise<SampleEpisode>((resolve, reject) => {
        if (ended !== undefined) reject(ended);
        else open.set(request.step, { resolve, reject });
      });
      // An error of a step ahead is thrown when its turn comes, or never.
      answer.catch(() => {});
      if (ended === undefined) worker.postMessage(request);
      return answer;
    },
    end: async () => {
      fail(new InterruptedError('the loader was closed.'));
      await worker.terminate();
    },
  };
}
