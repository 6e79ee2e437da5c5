import { checkSpecificationVersion, createRandom, type Episode, type Model, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { checkPlan, type Stage, stageAt, type TrainingPlan, totalSteps } from './plan.js';
import { disposeState, type TrainingState } from './state.js';
import { type StepReport, trainStep } from './step.js';

/** What the episode of one step should be like. */
export interface EpisodeRequest {
  readonly step: number;
  readonly stage: Stage;
  readonly random: Random;
}

/**
 * Where training episodes come from. The answer may depend on its arguments alone: the same step must always give the
 * same episode, which is what makes a resumed run equal to an uninterrupted one. The trainer frees the episode.
 */
export type EpisodeSource = (request: EpisodeRequest) => Promise<Episode> | Episode;

/** What {@link train} asks its source for at a step: it depends on plan, seed and step alone. */
export function episodeRequest(plan: TrainingPlan, seed: number | string, step: number): EpisodeRequest {
  return { step, stage: stageAt(plan, step).stage, random: stepRandom(seed, step).fork('episode') };
}

function stepRandom(seed: number | string, step: number): Random {
  return createRandom(seed).fork(`step ${step}`);
}

/** What one step cost, and how far the run is. */
export interface TrainReport extends StepReport {
  /** Steps of the whole plan. */
  readonly steps: number;
  readonly secondsLeft: number;
  /** Of the whole step, waiting for its episode included. */
  readonly seconds: number;
  /** Of waiting for the episode. */
  readonly dataSeconds: number;
}

/** A training run. */
export interface TrainInputs {
  readonly model: Model;
  readonly plan: TrainingPlan;
  /** Where to start: {@link initialState}, or a loaded checkpoint. The trainer takes it over. */
  readonly state: TrainingState;
  readonly episodes: EpisodeSource;
  readonly seed: number | string;
  /** After every step. */
  readonly onStep?: (report: TrainReport) => void;
  /** Called with the state every `checkpointEvery` steps, at the end, and when interrupted. */
  readonly onCheckpoint?: (state: TrainingState) => Promise<void> | void;
  /** 0: only at the end. */
  readonly checkpointEvery?: number;
  /** Ends the run after the current step; the state is handed to `onCheckpoint` first. */
  readonly signal?: AbortSignal;
}

/**
 * Trains to the end of the plan, or until the signal, and returns the state, which the caller owns.
 *
 * Randomness of step i depends on seed and i alone, so a run that was interrupted and resumed from its checkpoint ends
 * with the same weights, bit for bit, on the same backend.
 *
 * @throws ConfigError for a plan that cannot be followed, and for a method of another version of the contract; NumericError
 * where a loss is not a number, and whatever the source of episodes throws, after the state before that step went to
 * `onCheckpoint`. What `onCheckpoint` throws ends the run too, as the cause of the error before it where there was one.
 * The state is freed then.
 */
export async function train(inputs: TrainInputs): Promise<TrainingState> {
  const { plan, onStep, onCheckpoint, checkpointEvery = 0, signal } = inputs;
  let state = inputs.state;
  let saved = -1;
  const save = async (): Promise<void> => {
    if (saved === state.step) return;
    await onCheckpoint?.(state);
    saved = state.step;
  };
  try {
    checkSpecificationVersion(inputs.model.method);
    const steps = totalSteps(checkPlan(plan));
    const pace = startPace(state.step, steps);
    while (state.step < steps && signal?.aborted !== true) {
      try {
        const { next, report } = await takeStep(inputs, state);
        state = next;
        onStep?.({ ...report, ...pace(state.step) });
      } catch (error) {
        // What was learned up to here is kept, whatever went wrong in this step.
        await save().catch((fault: unknown) => {
          // The step's fault is the one to tell.
          if (error instanceof Error) error.cause ??= fault;
        });
        throw error;
      }
      if (checkpointEvery > 0 && state.step % checkpointEvery === 0) await save();
      // Timers and signals get their turn between steps, which otherwise never leave this thread.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await save();
    return state;
  } catch (error) {
    disposeState(state);
    throw error;
  }
}

type Pace = (step: number) => Pick<TrainReport, 'steps' | 'secondsLeft'>;

/** How far a run is, from how long its steps took so far. */
function startPace(first: number, steps: number): Pace {
  const started = performance.now();
  return (step) => ({ steps, secondsLeft: ((performance.now() - started) / 1000 / (step - first)) * (steps - step) });
}

/** One step on its episode, which is freed; the old state is gone where it succeeds and untouched where it does not. */
async function takeStep(
  { model, plan, episodes, seed }: TrainInputs,
  state: TrainingState,
): Promise<{ readonly next: TrainingState; readonly report: Omit<TrainReport, 'steps' | 'secondsLeft'> }> {
  const asked = performance.now();
  const episode = await episodes(episodeRequest(plan, seed, state.step));
  try {
    const given = performance.now();
    const random = stepRandom(seed, state.step).fork('method');
    const { state: next, report } = trainStep(model, plan, state, episode, random);
    const [seconds, dataSeconds] = [(performance.now() - asked) / 1000, (given - asked) / 1000];
    return { next, report: { ...report, seconds, dataSeconds } };
  } finally {
    disposeEpisode(episode);
  }
}

/** Frees the images and masks of an episode. */
export function disposeEpisode({ support, query }: Episode): void {
  for (const { image, masks } of [...support, query]) tf.dispose([image, ...Object.values(masks)]);
}
