import { createRandom, InputError, NumericError, type ParameterRecord, type Random } from '@fsmr/core';
import { checkScan, type Dataset, normalise, type SliceSample, type Statistics } from '@fsmr/datasets';
import { adamAlong, disposeTrained, type Trained } from '../learning/adam.js';
import { differentiate } from '../learning/differentiate.js';
import { type EpochsInputs, trainEpochs } from '../learning/epochs.js';
import { type SliceBatch, shownSamples } from '../learning/samples.js';
import { type SupervisedNet, supervisedLoss } from './network.js';

/** Training on what raters really drew on many scans. */
export interface SupervisedInputs
  extends Pick<EpochsInputs<Trained>, 'epochs' | 'done' | 'augmentation' | 'signal' | 'onEpoch' | 'keep'> {
  readonly network: SupervisedNet;
  /** To begin with, taken over. */
  readonly parameters: ParameterRecord;
  /** What Adam remembers of epochs done before, taken over. */
  readonly moments?: Trained['moments'] | undefined;
  readonly dataset: Dataset;
  /** Ids of the training scans; those which not all raters outlined are passed over. */
  readonly scans: readonly string[];
  readonly classId: number;
  readonly raters: readonly string[];
  /** Most slices in a batch. */
  readonly batch: number;
  readonly learningRate: number;
  readonly statistics?: Statistics | undefined;
  /** At most so many slices of a scan in an epoch, drawn anew each time; all where absent. */
  readonly slicesPerScan?: number | undefined;
  readonly seed: number | string;
}

/**
 * Trains the fully supervised bound: every epoch passes over all slices that show the class, scan after scan in random
 * order, and only one scan is in memory at a time.
 *
 * @returns the parameters, which the caller owns.
 * @throws InputError where no scan serves, or one is none (see `checkScan` of `@fsmr/datasets`); InterruptedError where the signal came; NumericError for a loss that is no
 * number.
 */
export async function trainSupervised(inputs: SupervisedInputs): Promise<ParameterRecord> {
  const { network, epochs, done, augmentation, learningRate, signal, onEpoch, keep } = inputs;
  const random = createRandom(inputs.seed).fork('supervised');
  const first: Trained = { parameters: inputs.parameters, moments: inputs.moments ?? {} };
  const { parameters, moments } = await trainEpochs(first, {
    stage: 'supervised',
    epochs,
    done,
    batches: (own) => batches(inputs, own),
    augmentation,
    random: (epoch) => random.fork(epoch),
    signal,
    step: (before, batch) => {
      const { state, loss } = supervisedStep(network, before, batch, learningRate);
      return { state, losses: { loss } };
    },
    onEpoch,
    keep,
    dispose: disposeTrained,
  });
  disposeTrained({ parameters: {}, moments });
  return parameters;
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
  const next = adamAlong(state, passed, passed.rest, { learningRate });
  if (!Number.isFinite(next.loss)) {
    throw new NumericError(`the supervised loss is ${next.loss}.`, { remedy: 'Lower the learning rate.' });
  }
  return next;
}

/** The batches of one epoch, one size each. @throws InputError where no scan serves. */
async function* batches(inputs: SupervisedInputs, random: Random): AsyncGenerator<SliceSample[]> {
  let waiting: SliceSample[] = [];
  let found = false;
  for (const id of random.shuffle(inputs.scans)) {
    for (const sample of await scanSamples(inputs, id, random)) {
      const other = waiting.some(({ height, width }) => height !== sample.height || width !== sample.width);
      if (other || waiting.length === inputs.batch) {
        yield waiting;
        waiting = [];
      }
      waiting.push(sample);
      found = true;
    }
  }
  if (!found) {
    throw new InputError('no training scan shows the class outlined by all raters.', {
      remedy: `Give scans on which ${inputs.raters.join(', ')} drew class ${inputs.classId}.`,
    });
  }
  if (waiting.length > 0) yield waiting;
}

async function scanSamples(inputs: SupervisedInputs, id: string, random: Random): Promise<SliceSample[]> {
  const { dataset, classId, raters, statistics, slicesPerScan } = inputs;
  const scan = checkScan(dataset, id, await dataset.read(id));
  if (raters.some((rater) => scan.labels[rater] === undefined)) return [];
  const shown = shownSamples(normalise(scan, statistics), classId, raters);
  return random.shuffle(shown).slice(0, slicesPerScan);
}
