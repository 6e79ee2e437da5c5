import { createRandom, InputError, NumericError, type ParameterRecord, type Random } from '@fsmr/core';
import { type Dataset, isEmpty, normalise, type SliceSample, type Statistics, sliceOf } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { adamStep, disposeTrained, replaceBuffers, type Trained } from '../learning/adam.js';
import { differentiate } from '../learning/differentiate.js';
import { breathe, type EpochReport, meanOf } from '../learning/epochs.js';
import { type SliceBatch, sliceBatch, type TrainingAugmentation } from '../learning/samples.js';
import { type SupervisedNet, supervisedLoss } from './network.js';

/** Training on what raters really drew on many scans. */
export interface SupervisedInputs {
  readonly network: SupervisedNet;
  /** To begin with, taken over. */
  readonly parameters: ParameterRecord;
  readonly dataset: Dataset;
  /** Ids of the training scans; those which not all raters outlined are passed over. */
  readonly scans: readonly string[];
  readonly classId: number;
  readonly raters: readonly string[];
  readonly epochs: number;
  /** Most slices in a batch. */
  readonly batch: number;
  readonly learningRate: number;
  readonly augmentation: TrainingAugmentation;
  readonly statistics?: Statistics | undefined;
  /** At most so many slices of a scan in an epoch, drawn anew each time; all where absent. */
  readonly slicesPerScan?: number | undefined;
  readonly seed: number | string;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((report: EpochReport) => void) | undefined;
}

/**
 * Trains the fully supervised bound: every epoch passes over all slices that show the class, scan after scan in random
 * order, and only one scan is in memory at a time.
 *
 * @returns the parameters, which the caller owns.
 * @throws InputError where no scan serves; InterruptedError where the signal came; NumericError for a loss that is no
 * number.
 */
export async function trainSupervised(inputs: SupervisedInputs): Promise<ParameterRecord> {
  const { network, epochs, augmentation, learningRate, signal } = inputs;
  const random = createRandom(inputs.seed).fork('supervised');
  let state: Trained = { parameters: inputs.parameters, moments: {} };
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const own = random.fork(epoch);
      const losses: { loss: number }[] = [];
      for await (const samples of batches(inputs, own)) {
        await breathe(signal);
        const batch = sliceBatch(samples, augmentation, own);
        try {
          const next = supervisedStep(network, state, batch, learningRate);
          state = next.state;
          losses.push({ loss: next.loss });
        } finally {
          tf.dispose([batch.images, batch.masks]);
        }
      }
      if (losses.length === 0) {
        throw new InputError('no training scan shows the class outlined by all raters.', {
          remedy: `Give scans on which ${inputs.raters.join(', ')} drew class ${inputs.classId}.`,
        });
      }
      inputs.onEpoch?.({ stage: 'supervised', epoch: epoch + 1, epochs, losses: meanOf(losses) });
    }
  } catch (error) {
    disposeTrained(state);
    throw error;
  }
  disposeTrained({ parameters: {}, moments: state.moments });
  return state.parameters;
}

/** One optimiser step. @throws NumericError where the loss is not a number; the state is then intact. */
export function supervisedStep(
  network: SupervisedNet,
  state: Trained,
  { images, masks }: SliceBatch,
  learningRate: number,
): { readonly state: Trained; readonly loss: number } {
  const { parameters } = state;
  const passed = differentiate(parameters, () => {
    const { logits, statistics } = network.apply(parameters, images, { training: true });
    return { loss: supervisedLoss(logits, masks), rest: statistics };
  });
  const loss = passed.loss.dataSync()[0]!;
  passed.loss.dispose();
  if (!Number.isFinite(loss)) {
    tf.dispose([passed.gradients, passed.rest]);
    throw new NumericError(`the supervised loss is ${loss}.`, { remedy: 'Lower the learning rate.' });
  }
  const next = adamStep(replaceBuffers(state, passed.rest), passed.gradients, { learningRate });
  tf.dispose(passed.gradients);
  return { state: next, loss };
}

async function* batches(inputs: SupervisedInputs, random: Random): AsyncGenerator<SliceSample[]> {
  let waiting: SliceSample[] = [];
  for (const id of random.shuffle(inputs.scans)) {
    for (const sample of await scanSamples(inputs, id, random)) {
      const other = waiting.some(({ height, width }) => height !== sample.height || width !== sample.width);
      if (other || waiting.length === inputs.batch) {
        yield waiting;
        waiting = [];
      }
      waiting.push(sample);
    }
  }
  if (waiting.length > 0) yield waiting;
}

async function scanSamples(inputs: SupervisedInputs, id: string, random: Random): Promise<SliceSample[]> {
  const { dataset, classId, raters, statistics, slicesPerScan } = inputs;
  const scan = await dataset.read(id);
  if (raters.some((rater) => scan.labels[rater] === undefined)) return [];
  const normalised = normalise(scan, statistics);
  const slices = Array.from({ length: scan.size[0] }, (_, slice) => slice);
  const shown = slices
    .map((slice) => sliceOf(normalised, slice, classId, raters))
    .filter(({ masks }) => !masks.every(isEmpty));
  return random.shuffle(shown).slice(0, slicesPerScan);
}
