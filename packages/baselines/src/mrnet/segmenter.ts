import { createRandom, type ParameterRecord, type Random } from '@fsmr/core';
import { type Lesson, type Segmenter, sliceReader } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { disposeTrained, type Trained } from '../learning/adam.js';
import { trainEpochs } from '../learning/epochs.js';
import { keptLearning } from '../learning/kept.js';
import { defaultEpochs, lessonName, lessonSettings, type TrainedSegmenterOptions } from '../learning/options.js';
import { batchesOf, supportSamples } from '../learning/samples.js';
import { samplesHash } from '../learning/samples-hash.js';
import { joinedShapes, joinTrained, splitTrained } from './kept.js';
import { type ByNetwork, initMrnet, type Mrnet, type SharedMrnetOptions, sharedMrnet } from './model.js';
import { mrnetLogits, raterExpertise } from './predict.js';
import { mrnetAdam, mrnetStep } from './step.js';

/** What shapes MRNet and how it learns. */
export interface MrnetSegmenterOptions
  extends TrainedSegmenterOptions,
    Pick<SharedMrnetOptions, 'width' | 'reconstructionWidth' | 'refinementWidth'> {
  /** 5e-4 unless given. */
  readonly weightDecay?: number;
}

/** Slices in a batch at most. */
const batchSize = 8;

/**
 * MRNet trained on the support slices of each lesson (spec sections 11.1 to 11.3): a rater's mask of a query is the
 * final prediction under that rater's one-hot expertise. Learning takes minutes; see the README for smaller widths.
 *
 * @throws ConfigError where the encoder has no inner maps to decode with.
 */
export function mrnetSegmenter(options: MrnetSegmenterOptions): Segmenter {
  const { name = 'mrnet', statistics } = options;
  return {
    name,
    learn: async (lesson) => {
      const raters = lesson.raters.length;
      const model = sharedMrnet({ ...options, raters });
      const state = await trained(model, lesson, { ...options, name });
      const parameters = keepParameters(state);
      const read = sliceReader(statistics);
      return {
        segment: (query, slice) =>
          tf.tidy(() => {
            const logits = mrnetLogits(model, parameters, read(query, slice), raterExpertise(raters));
            return tf.cast(tf.greater(tf.squeeze(logits, [3]), 0), 'float32') as tf.Tensor3D;
          }),
        dispose: () => tf.dispose(Object.values(parameters).map((record) => Object.values(record))),
      };
    },
    dispose: () => {},
  };
}

async function trained(
  model: Mrnet,
  lesson: Lesson,
  options: MrnetSegmenterOptions & { readonly name: string },
): Promise<ByNetwork<Trained>> {
  const { epochs = defaultEpochs, augmentation = 'sabs_aug', slices, statistics, onEpoch } = options;
  const { learningRate = mrnetAdam.learningRate, weightDecay = mrnetAdam.weightDecay } = options;
  const random = createRandom(lesson.seed).fork('mrnet');
  const samples = supportSamples(lesson, options);
  const { encoder, name, memory, width, reconstructionWidth, refinementWidth } = options;
  const widths = [width, reconstructionWidth, refinementWidth];
  const kept = keptLearning({
    memory,
    name: lessonName(name, lesson),
    settings: [
      encoder.name,
      widths,
      ...lessonSettings(lesson),
      samplesHash(samples),
      { epochs, augmentation, slices, statistics, learningRate, weightDecay },
    ],
    shapes: joinedShapes(model),
    epochs,
  });
  const before = await kept.read();
  const first = before === undefined ? untrained(model, random, options.parameters) : splitTrained(before.trained);
  return trainEpochs<ByNetwork<Trained>>(first, {
    stage: 'all',
    epochs,
    done: before?.epoch,
    batches: (own) => batchesOf(samples, batchSize, own),
    augmentation,
    random: (epoch) => random.fork(`all ${epoch}`),
    signal: lesson.signal,
    step: (state, { images, masks }, stepRandom) => {
      const maps = tf.expandDims(masks, 4) as tf.Tensor5D;
      try {
        const next = mrnetStep(model, state, { images, masks: maps }, stepRandom, { learningRate, weightDecay });
        return { state: next.state, losses: { ...next.report } };
      } finally {
        maps.dispose();
      }
    },
    onEpoch: (report) => {
      onEpoch?.(report);
      lesson.onProgress?.(report.epoch, report.epochs);
    },
    keep: (epoch, state) => kept.keep({ epoch, trained: joinTrained(state) }),
    dispose: (state) => Object.values(state).forEach(disposeTrained),
  });
}

function untrained(model: Mrnet, random: Random, encoder: ParameterRecord | undefined): ByNetwork<Trained> {
  const { coarse, reconstruction, refinement } = initMrnet(model, random, encoder);
  const fresh = (parameters: ParameterRecord): Trained => ({ parameters, moments: {} });
  return { coarse: fresh(coarse), reconstruction: fresh(reconstruction), refinement: fresh(refinement) };
}

function keepParameters(state: ByNetwork<Trained>): ByNetwork<Trained['parameters']> {
  const kept = ({ parameters, moments }: Trained): Trained['parameters'] => {
    disposeTrained({ parameters: {}, moments });
    return parameters;
  };
  return {
    coarse: kept(state.coarse),
    reconstruction: kept(state.reconstruction),
    refinement: kept(state.refinement),
  };
}
