import { createRandom, type Episode, type Model, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Stage, stageAt, type TrainingPlan, totalSteps } from './plan.js';
import { disposeState, type TrainingState } from './state.js';
import { type StepReport, trainStep } from './step.js';

/**
 * Where training episodes come from. The answer may depend on its arguments alone: the same step must always give the
 * same episode, which is what makes a resumed run equal to an uninterrupted one. The trainer frees the episode.
 */
export type EpisodeSource = (request: {
  readonly step: number;
  readonly stage: Stage;
  readonly random: Random;
}) => Promise<Episode> | Episode;

/** A training run. */
export interface TrainInputs {
  readonly model: Model;
  readonly plan: TrainingPlan;
  /** Where to start: {@link initialState}, or a loaded checkpoint. The trainer takes it over. */
  readonly state: TrainingState;
  readonly episodes: EpisodeSource;
  readonly seed: number | string;
  /** After every step. */
  readonly onStep?: (report: StepReport & { readonly steps: number; readonly secondsLeft: number }) => void;
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
 * @throws NumericError where a loss is not a number, after the state before that step went to `onCheckpoint`.
 */
export async function train(inputs: TrainInputs): Promise<TrainingState> {
  const { model, plan, episodes, seed, onStep, onCheckpoint, checkpointEvery = 0, signal } = inputs;
  const steps = totalSteps(plan);
  const first = inputs.state.step;
  const started = Date.now();
  let state = inputs.state;
  let saved = -1;
  while (state.step < steps && signal?.aborted !== true) {
    const random = createRandom(seed).fork(`step ${state.step}`);
    const { stage } = stageAt(plan, state.step);
    const episode = await episodes({ step: state.step, stage, random: random.fork('episode') });
    try {
      const { state: next, report } = trainStep(model, plan, state, episode, random.fork('method'));
      state = next;
      const pace = (Date.now() - started) / 1000 / (state.step - first);
      onStep?.({ ...report, steps, secondsLeft: pace * (steps - state.step) });
    } catch (error) {
      // What was learned up to here is kept, whatever went wrong in this step.
      if (saved !== state.step) await onCheckpoint?.(state);
      disposeState(state);
      throw error;
    } finally {
      disposeEpisode(episode);
    }
    if (checkpointEvery > 0 && state.step % checkpointEvery === 0) {
      await onCheckpoint?.(state);
      saved = state.step;
    }
    // Timers and signals get their turn between steps, which otherwise never leave this thread.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (saved !== state.step) await onCheckpoint?.(state);
  return state;
}

/** Frees the images and masks of an episode. */
export function disposeEpisode({ support, query }: Episode): void {
  for (const { image, masks } of [...support, query]) tf.dispose([image, ...Object.values(masks)]);
}
