import { createRandom, type Episode, type Model, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Stage, stageAt, type TrainingPlan, totalSteps } from './plan.js';
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
 * @throws NumericError where a loss is not a number, and whatever the source of episodes throws, after the state before that step went to `onCheckpoint`.
 */
export async function train(inputs: TrainInputs): Promise<TrainingState> {
  const { model, plan, episodes, seed, onStep, onCheckpoint, checkpointEvery = 0, signal } = inputs;
  const steps = totalSteps(plan);
  const first = inputs.state.step;
  const started = performance.now();
  let state = inputs.state;
  let saved = -1;
  while (state.step < steps && signal?.aborted !== true) {
    const asked = performance.now();
    let episode: Episode | undefined;
    try {
      episode = await episodes(episodeRequest(plan, seed, state.step));
      const given = performance.now();
      const random = stepRandom(seed, state.step).fork('method');
      const { state: next, report } = trainStep(model, plan, state, episode, random);
      state = next;
      const now = performance.now();
      const pace = (now - started) / 1000 / (state.step - first);
      onStep?.({
        ...report,
        steps,
        secondsLeft: pace * (steps - state.step),
        seconds: (now - asked) / 1000,
        dataSeconds: (given - asked) / 1000,
      });
    } catch (error) {
      // What was learned up to here is kept, whatever went wrong in this step.
      if (saved !== state.step) await onCheckpoint?.(state);
      disposeState(state);
      throw error;
    } finally {
      if (episode !== undefined) disposeEpisode(episode);
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
