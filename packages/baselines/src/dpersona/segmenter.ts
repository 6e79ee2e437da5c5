import { createRandom, NumericError } from '@fsmr/core';
import { type Lesson, type Segmenter, sliceReader } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { cosineAnnealing, disposeTrained, type Trained } from '../learning/adam.js';
import { trainEpochs } from '../learning/epochs.js';
import { keptLearning } from '../learning/kept.js';
import { raterMasks } from '../learning/masks.js';
import { defaultEpochs, lessonName, lessonSettings, type TrainedSegmenterOptions } from '../learning/options.js';
import { batchesOf, supportSamples } from '../learning/samples.js';
import { samplesHash } from '../learning/samples-hash.js';
import { type Dpersona, sharedDpersona } from './model.js';
import { diversifyStep, dpersonaConstants, dpersonaLogits, personaliseStep } from './steps.js';

/** What shapes D-Persona and how it learns. */
export interface DpersonaSegmenterOptions extends TrainedSegmenterOptions {
  /** Zeros around the maps of projection heads; 1 unless given, 3 as in the published program. */
  readonly headPadding?: 1 | 3;
  /** Samples of the prior the heads choose from when a query is segmented; 500 unless given. */
  readonly bank?: number;
}

/** Slices in a batch at most. */
const batchSize = 12;

/**
 * D-Persona trained on the support slices of each lesson (spec sections 11.1, 11.4, 11.5): `epochs` for the first stage
 * and as many for the second, each with its own cosine schedule; the last epoch is kept, as there is no validation.
 *
 * @throws ConfigError where the encoder has no inner maps to decode with.
 */
export function dpersonaSegmenter(options: DpersonaSegmenterOptions): Segmenter {
  const { encoder, name = 'd-persona', statistics, headPadding = 1, bank = dpersonaConstants.testBank } = options;
  return {
    name,
    learn: async (lesson) => {
      const model = sharedDpersona({ encoder, raters: lesson.raters.length, headPadding });
      const { parameters } = await trained(model, lesson, { ...options, name, headPadding });
      const read = sliceReader(statistics);
      const random = createRandom(lesson.seed).fork('d-persona bank');
      return {
        segment: (query, slice) =>
          tf.tidy(() => {
            const own = random.fork(`${query.id}/${slice}`);
            return raterMasks(dpersonaLogits(model, parameters, read(query, slice), own, bank));
          }),
        dispose: () => tf.dispose(Object.values(parameters)),
      };
    },
    dispose: () => {},
  };
}

async function trained(
  model: Dpersona,
  lesson: Lesson,
  options: DpersonaSegmenterOptions & Required<Pick<DpersonaSegmenterOptions, 'name' | 'headPadding'>>,
): Promise<Trained> {
  const { epochs = defaultEpochs, augmentation = 'sabs_aug', slices, statistics } = options;
  const { learningRate = dpersonaConstants.learningRate } = options;
  const random = createRandom(lesson.seed).fork('d-persona');
  const samples = supportSamples(lesson, options);
  const stages = [
    { stage: 'diversification', step: diversifyStep },
    { stage: 'personalisation', step: personaliseStep },
  ];
  const { encoder, name, memory, headPadding } = options;
  const kept = keptLearning({
    memory,
    name: lessonName(name, lesson),
    settings: [
      encoder.name,
      ...lessonSettings(lesson),
      samplesHash(samples),
      { epochs, augmentation, slices, statistics, learningRate, headPadding },
    ],
    shapes: model.shapes,
    epochs: stages.length * epochs,
  });
  const before = await kept.read();
  let state = before?.trained ?? { parameters: model.init(random, options.parameters), moments: {} };
  for (const [index, { stage, step }] of stages.entries()) {
    const earlier = index * epochs;
    const done = Math.max(0, (before?.epoch ?? 0) - earlier);
    if (done > epochs) continue;
    let skipped = 0;
    state = await trainEpochs(state, {
      stage,
      epochs,
      done,
      batches: (own) => batchesOf(samples, batchSize, own),
      augmentation,
      random: (epoch) => random.fork(`${stage} ${epoch}`),
      signal: lesson.signal,
      step: (before, batch, stepRandom, epoch) => {
        const rate = cosineAnnealing(learningRate, epoch, epochs);
        const { state: next, loss } = step(model, before, batch, stepRandom, rate);
        skipped = Number.isNaN(loss) ? skipped + 1 : 0;
        if (skipped > 10) {
          throw new NumericError(`D-Persona's loss was not a number ${skipped} times running.`, {
            remedy: 'Lower the learning rate.',
          });
        }
        return { state: next, losses: { loss } };
      },
      onEpoch: (report) => {
        options.onEpoch?.(report);
        lesson.onProgress?.(earlier + report.epoch, stages.length * epochs);
      },
      keep: (epoch, trained) => kept.keep({ epoch: earlier + epoch, trained }),
      dispose: disposeTrained,
    });
    // Each stage has an optimiser of its own.
    disposeTrained({ parameters: {}, moments: state.moments });
    state = { parameters: state.parameters, moments: {} };
  }
  return state;
}
