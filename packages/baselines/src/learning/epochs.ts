import { InterruptedError, type Random } from '@fsmr/core';
import type { SliceSample } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { type SliceBatch, sliceBatch, type TrainingAugmentation } from './samples.js';

/** What one epoch came to. */
export interface EpochReport {
  /** The name of the stage, where training has several. */
  readonly stage: string;
  /** Epochs done, this one included. */
  readonly epoch: number;
  readonly epochs: number;
  /** Losses, averaged over the epoch's batches. */
  readonly losses: Readonly<Record<string, number>>;
}

/** Training on slices, epoch by epoch. */
export interface EpochsInputs<State> {
  readonly stage: string;
  readonly epochs: number;
  /** Epochs done before, 0 unless given. */
  readonly done?: number | undefined;
  /** The batches of an epoch, from memory or read one after the other. */
  readonly batches: (random: Random) => Iterable<readonly SliceSample[]> | AsyncIterable<readonly SliceSample[]>;
  readonly augmentation: TrainingAugmentation;
  /** What everything random in an epoch (from 0) is drawn from. */
  readonly random: (epoch: number) => Random;
  readonly signal?: AbortSignal | undefined;
  /** One optimiser step; frees what of the state it replaces. */
  readonly step: (
    state: State,
    batch: SliceBatch,
    random: Random,
    epoch: number,
  ) => { readonly state: State; readonly losses: Readonly<Record<string, number>> };
  readonly onEpoch?: ((report: EpochReport) => void) | undefined;
  /** Keeps a state after `done` epochs; training waits for it. */
  readonly keep?: ((done: number, state: State) => Promise<void>) | undefined;
  /** Frees a state. */
  readonly dispose: (state: State) => void;
}

/**
 * Trains epoch by epoch to the last. Whatever ends it early frees the state.
 *
 * @param first the state to begin with, taken over
 * @throws InterruptedError where the signal came.
 */
export async function trainEpochs<State>(first: State, inputs: EpochsInputs<State>): Promise<State> {
  const { stage, epochs, augmentation, signal } = inputs;
  let state = first;
  try {
    for (let epoch = inputs.done ?? 0; epoch < epochs; epoch++) {
      const random = inputs.random(epoch);
      const collected: Readonly<Record<string, number>>[] = [];
      for await (const part of inputs.batches(random)) {
        await breathe(signal);
        const batch = sliceBatch(part, augmentation, random);
        try {
          const next = inputs.step(state, batch, random, epoch);
          state = next.state;
          collected.push(next.losses);
        } finally {
          tf.dispose([batch.images, batch.masks]);
        }
      }
      inputs.onEpoch?.({ stage, epoch: epoch + 1, epochs, losses: meanOf(collected) });
      await inputs.keep?.(epoch + 1, state);
    }
    return state;
  } catch (error) {
    inputs.dispose(state);
    throw error;
  }
}

/** Lets timers and signals in. @throws InterruptedError where the signal has come. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted === true) throw new InterruptedError('learning was stopped before its end.');
}

/** Means of losses by name. */
function meanOf(losses: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = Object.keys(losses[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, losses.reduce((sum, loss) => sum + loss[name]!, 0) / losses.length]),
  );
}
