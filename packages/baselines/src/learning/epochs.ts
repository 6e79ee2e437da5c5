import { InterruptedError, type Random } from '@fsmr/core';
import type { SliceSample } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { batchesOf, type SliceBatch, sliceBatch, type TrainingAugmentation } from './samples.js';

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

/** Training on slices held in memory. */
export interface EpochsInputs<State> {
  readonly stage: string;
  readonly samples: readonly SliceSample[];
  readonly epochs: number;
  /** Most slices in a batch. */
  readonly batch: number;
  readonly augmentation: TrainingAugmentation;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
  /** One optimiser step; frees what of the state it replaces. */
  readonly step: (
    state: State,
    batch: SliceBatch,
    random: Random,
    epoch: number,
  ) => { readonly state: State; readonly losses: Readonly<Record<string, number>> };
  readonly onEpoch?: ((report: EpochReport) => void) | undefined;
  /** Frees a state. */
  readonly dispose: (state: State) => void;
}

/**
 * Trains for some epochs. Whatever ends it early frees the state.
 *
 * @param first the state to begin with, taken over
 * @throws InterruptedError where the signal came.
 */
export async function trainEpochs<State>(first: State, inputs: EpochsInputs<State>): Promise<State> {
  const { stage, samples, epochs, batch: size, augmentation, signal } = inputs;
  let state = first;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const random = inputs.random.fork(`${stage} ${epoch}`);
      const collected: Readonly<Record<string, number>>[] = [];
      for (const part of batchesOf(samples, size, random)) {
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
    }
    return state;
  } catch (error) {
    inputs.dispose(state);
    throw error;
  }
}

/** Lets timers and signals in. @throws InterruptedError where the signal has come. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted === true) throw new InterruptedError('learning was stopped before its end.');
}

/** Means of losses by name. */
export function meanOf(losses: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = Object.keys(losses[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, losses.reduce((sum, loss) => sum + loss[name]!, 0) / losses.length]),
  );
}
