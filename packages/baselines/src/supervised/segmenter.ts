import { createRandom, InputError, type ParameterRecord } from '@fsmr/core';
import type { Dataset } from '@fsmr/datasets';
import { type Lesson, type Segmenter, sliceReader } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { keptLearning } from '../learning/kept.js';
import { raterMasks } from '../learning/masks.js';
import { defaultEpochs, raterSuffix, type TrainedSegmenterOptions } from '../learning/options.js';
import { type RememberedMasks, rememberMasks } from '../learning/remembered.js';
import { supervisedNet } from './network.js';
import { trainSupervised } from './train.js';

/** What the supervised bound learns from, and how. */
export interface SupervisedSegmenterOptions extends TrainedSegmenterOptions {
  readonly dataset: Dataset;
  /** Ids of the training scans, none of which is to be segmented. */
  readonly scans: readonly string[];
  /** Most slices in a batch, 8 unless given. */
  readonly batch?: number;
  /** At most so many slices of a scan in an epoch, drawn anew each time; all where absent. */
  readonly slicesPerScan?: number;
  /** Everything random depends on it and the class, not on the lesson's seed; 0 unless given. */
  readonly seed?: number | string;
}

/** What was learned of a class, with its answers so far. */
interface LearnedClass {
  readonly parameters: ParameterRecord;
  readonly masks: RememberedMasks;
}

/**
 * The bound few-shot methods are compared with: the same backbone with one output channel a rater, trained on the
 * masks raters drew on all training scans (training section 10.6). Supports are not looked at: the first lesson of a
 * class trains, later ones of the same class and raters use what it learned, and a query slice is segmented once for all
 * of them. `dispose` frees that.
 *
 * @throws WeightsError from `learn` where `memory` holds what was learned with other settings.
 * @throws InputError from `segment` for a scan among `scans`: what the network was trained on shows no bound.
 */
export function supervisedSegmenter(options: SupervisedSegmenterOptions): Segmenter {
  const { name = 'fully supervised', encoder, statistics } = options;
  const seen = new Set(options.scans);
  const known = new Map<string, Promise<LearnedClass>>();
  const learned = (lesson: Lesson): Promise<LearnedClass> => {
    const key = JSON.stringify([lesson.classId, lesson.raters]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const training = train(options, lesson).then((parameters) => ({ parameters, masks: rememberMasks() }));
    known.set(key, training);
    // A lesson that failed leaves the next one to try again.
    training.catch(() => known.delete(key));
    return training;
  };
  return {
    name,
    learn: async (lesson) => {
      const { parameters, masks } = await learned(lesson);
      const network = supervisedNet(encoder, lesson.raters.length);
      const read = sliceReader(statistics);
      return {
        segment: (query, slice) => {
          if (seen.has(query.id)) {
            throw new InputError(`scan ${query.id} is one of those the supervised bound was trained on.`, {
              remedy: 'Segment scans that are not among `scans`, or leave this one out of them.',
            });
          }
          return masks.of(query, slice, () =>
            tf.tidy(() => raterMasks(network.apply(parameters, read(query, slice), { training: false }).logits)),
          );
        },
        dispose: () => {},
      };
    },
    dispose: () => {
      for (const training of known.values()) {
        // Whoever asked for a lesson that failed was told; there is nothing to free.
        void training.then(
          ({ parameters }) => tf.dispose(Object.values(parameters)),
          () => undefined,
        );
      }
      known.clear();
    },
  };
}

async function train(options: SupervisedSegmenterOptions, lesson: Lesson): Promise<ParameterRecord> {
  const { encoder, dataset, scans, epochs = defaultEpochs, batch = 8, learningRate = 1e-4, memory } = options;
  const { augmentation = 'sabs_aug', statistics, slicesPerScan, seed = 0, onEpoch } = options;
  const { classId, raters } = lesson;
  const ownSeed = `${seed}/${classId}`;
  const network = supervisedNet(encoder, raters.length);
  const settings = { epochs, batch, learningRate, augmentation, statistics, slicesPerScan };
  const kept = keptLearning({
    memory,
    name: `supervised-${lesson.className}${raterSuffix(raters, dataset.raters)}`,
    settings: [encoder.name, ownSeed, classId, raters, scans, settings],
    shapes: network.shapes,
    epochs,
  });
  const before = (await kept.read()) ?? {
    epoch: 0,
    trained: { parameters: network.init(createRandom(ownSeed), options.parameters), moments: {} },
  };
  return trainSupervised({
    network,
    ...before.trained,
    done: before.epoch,
    dataset,
    scans,
    classId,
    raters,
    ...settings,
    seed: ownSeed,
    signal: lesson.signal,
    onEpoch: (report) => {
      onEpoch?.(report);
      lesson.onProgress?.(report.epoch, report.epochs);
    },
    keep: (epoch, trained) => kept.keep({ epoch, trained }),
  });
}
