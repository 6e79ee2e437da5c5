import { expectClose, expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definePrototypeMethod, type PrototypeCalibrator, withCalibrator } from '../contract/index.js';
import { ConfigError, ShapeError } from '../errors.js';
import { cosineSimilarity, crossEntropy, maskedAveragePool } from '../ops/index.js';
import { createRandom } from '../random.js';
import { allShots } from './masks.js';
import { disposeSegmentation, type SegmentInputs, segmentFeatures } from './segment.js';

/** PANet's prototypes: one masked mean a class. */
const masked = definePrototypeMethod({
  name: 'masked-mean',
  extract: ({ support, mask, shots }) => ({
    levels: [tf.mean(maskedAveragePool(tf.gather(support.maps[0]!, [...shots]), mask), 0, true) as tf.Tensor2D],
  }),
  score: ({ query, prototypes }) => [
    tf.squeeze(tf.mul(20, cosineSimilarity(tf.squeeze(query.maps[0]!, [0]), prototypes.levels[0]!, 1e-4)), [-1]),
  ],
});

/** Moves every prototype a tenth of the way to the consensus. */
const towardsConsensus: PrototypeCalibrator = {
  name: 'towards-consensus',
  consensus: 'soft',
  init: () => ({}),
  calibrate: ({ raters, consensus }) => ({
    raters: raters.map(({ levels }) => ({
      levels: levels.map((level, i) => tf.add(tf.mul(level, 0.9), tf.mul(consensus.levels[i]!, 0.1)) as tf.Tensor2D),
    })),
    loss: tf.scalar(0.25),
  }),
};

function example(raters: number, shots = 1, seed = 1, options: Partial<SegmentInputs> = {}): SegmentInputs {
  const random = createRandom(seed);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const mask = () => {
    const [top, left, side] = [random.integer(0, 6), random.integer(0, 6), random.integer(6, 10)];
    return Array.from({ length: 256 }, (_, i) => {
      const [row, column] = [i >> 4, i & 15];
      return row >= top && row < top + side && column >= left && column < left + side ? 1 : 0;
    });
  };
  return {
    method: masked,
    parameters: {},
    support: { maps: [tf.tensor4d(numbers(shots * 8 * 8 * 5), [shots, 8, 8, 5])] },
    query: { maps: [tf.tensor4d(numbers(8 * 8 * 5), [1, 8, 8, 5])] },
    masks: tf.tensor4d(Array.from({ length: raters * shots }, mask).flat(), [raters, shots, 16, 16]),
    shots: allShots(raters, shots),
    ...options,
  };
}

const rater = (logits: tf.Tensor4D, index: number) => tf.slice(logits, [index, 0, 0, 0], [1, -1, -1, -1]);

describe('segmentFeatures', () => {
  it('refuses a method of another version of the contract, or of none', () => {
    const versions: [unknown, string][] = [
      ['fsmr-2', 'method masked-mean is of version "fsmr-2" of the contract, and this library takes "fsmr-1".'],
      [undefined, 'method masked-mean is of no version of the contract, and this library takes "fsmr-1".'],
    ];
    for (const [version, message] of versions) {
      const method = { ...masked, specificationVersion: version as 'fsmr-1' };
      const inputs = example(1, 1, 1, { method });
      expect(() => segmentFeatures(inputs)).toThrow(ConfigError);
      expect(() => segmentFeatures(inputs)).toThrow(message);
    }
  });

  it('answers each rater as if alone', () => {
    const inputs = example(3);
    const together = segmentFeatures(inputs).logits;
    expect(together.shape).toEqual([3, 16, 16, 2]);
    for (const index of [0, 1, 2]) {
      const alone = segmentFeatures({ ...inputs, masks: rater(inputs.masks, index), shots: [[0]] });
      expectClose(rater(together, index), alone.logits, 1e-6);
    }
  });

  it('permutes with the raters', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), fc.nat(1000), (order, seed) => {
        const inputs = example(4, 1, seed, { method: withCalibrator(masked, towardsConsensus) });
        const straight = segmentFeatures(inputs).logits;
        const permuted = segmentFeatures({ ...inputs, masks: tf.gather(inputs.masks, order) }).logits;
        expectClose(permuted, tf.gather(straight, order), 1e-5);
      }),
      { numRuns: 15 },
    );
  });

  it('uses only the shots a rater outlined', () => {
    const inputs = example(2, 3);
    const partial = segmentFeatures({ ...inputs, shots: [[0, 2], [1]] });
    const second = segmentFeatures({
      ...inputs,
      support: { maps: [tf.slice(inputs.support.maps[0]!, [1, 0, 0, 0], [1, -1, -1, -1])] },
      masks: tf.slice(inputs.masks, [1, 1, 0, 0], [1, 1, -1, -1]),
      shots: [[0]],
    });
    expectClose(rater(partial.logits, 1), second.logits, 1e-6);
  });

  it('sums the calibration losses of both classes and shows what was calibrated', () => {
    const found = segmentFeatures(example(2, 1, 1, { method: withCalibrator(masked, towardsConsensus) }));
    expect(found.calibrationLoss.dataSync()[0]).toBe(0.5);
    expect(Object.keys(found.classes)).toEqual(['background', 'foreground']);
    expect(found.classes.foreground!.calibration!.raters).toHaveLength(2);
  });

  it('chains calibrators, and the wrapped method keeps its type', () => {
    const twice = withCalibrator(withCalibrator(masked, towardsConsensus), towardsConsensus);
    expect(twice.name).toBe('masked-mean+towards-consensus+towards-consensus');
    expect(segmentFeatures(example(2, 1, 1, { method: twice })).calibrationLoss.dataSync()[0]).toBe(1);
  });

  it('has gradients in the features through prediction and alignment', () => {
    const inputs = example(2, 1, 3, { training: true });
    const loss = (map: tf.Tensor) => {
      const { logits, alignmentLoss } = segmentFeatures({ ...inputs, support: { maps: [map as tf.Tensor4D] } });
      return tf.add(tf.mean(tf.square(logits)), alignmentLoss) as tf.Scalar;
    };
    expect(gradientError(loss, inputs.support.maps[0]!)).toBeLessThan(1e-2);
  });

  it('does not take an alignment loss outside training', () => {
    expect(segmentFeatures(example(2)).alignmentLoss.dataSync()[0]).toBe(0);
    expect(segmentFeatures(example(2, 1, 1, { training: true })).alignmentLoss.dataSync()[0]).toBeGreaterThan(0);
  });

  it('stays finite for empty and full masks', () => {
    for (const fill of [0, 1]) {
      const inputs = example(2, 1, 1, { training: true });
      const found = segmentFeatures({ ...inputs, masks: tf.fill([2, 1, 16, 16], fill) });
      expect(found.logits.dataSync().every(Number.isFinite)).toBe(true);
      expect(Number.isFinite(found.alignmentLoss.dataSync()[0])).toBe(true);
    }
  });

  it('says what does not fit', () => {
    const inputs = example(2);
    expect(() => segmentFeatures({ ...inputs, shots: [[0]] })).toThrow('masks of 2 raters, but shots of 1.');
    expect(() => segmentFeatures({ ...inputs, shots: [[0], []] })).toThrow('rater 1 has shots []');
    expect(() => segmentFeatures({ ...inputs, shots: [[0], [1]] })).toThrow('rater 1 has shots [1]');
    expect(() => segmentFeatures({ ...inputs, query: { maps: [tf.zeros([1, 8, 8, 6])] } })).toThrow(
      'share grid and channels',
    );
    expect(() => segmentFeatures({ ...inputs, queryMasks: tf.zeros([1, 16, 16]) })).toThrow('[2,16,16] is needed');
    expect(() => segmentFeatures({ ...inputs, masks: tf.zeros([0, 1, 16, 16]), shots: [] })).toThrow(ShapeError);
  });

  it('refuses masks as picture files have them, and an image that nobody outlined', () => {
    const inputs = example(2, 2);
    const bytes = tf.mul(inputs.masks, tf.tensor4d([1, 255], [2, 1, 1, 1])) as tf.Tensor4D;
    const refused = () => segmentFeatures({ ...inputs, masks: bytes, names: ['anna', 'ben'] });
    expect(refused).toThrow('rater ben: the mask holds values from 0 to 255, but must lie in [0, 1]. Divide');
    expect(() => segmentFeatures({ ...inputs, masks: bytes })).toThrow('rater 1: the mask holds');
    expect(() => segmentFeatures({ ...inputs, shots: [[0], [0]] })).toThrow(
      'support image 1 was outlined by no rater. Leave it out.',
    );
  });

  it('tells a calibrator how many raters the episode has, though few predict something to align', () => {
    const asked: [string, number, number | undefined][] = [];
    const spy: PrototypeCalibrator = {
      ...towardsConsensus,
      calibrate: (inputs) => {
        asked.push([inputs.direction, inputs.raters.length, inputs.episodeRaters]);
        return towardsConsensus.calibrate(inputs);
      },
    };
    const alignment = { predictedMask: 'features', targets: 'image', skipEmpty: true } as const;
    // Only the first rater predicts foreground.
    const winners: typeof masked.decode = (inputs) =>
      inputs.similarities.foreground![0]!.shape[0] === 3
        ? (tf.add(tf.zerosLike(masked.decode(inputs)), tf.tensor4d([0, 1, 1, 0, 1, 0], [3, 1, 1, 2])) as tf.Tensor4D)
        : masked.decode(inputs);
    const method = withCalibrator({ ...masked, alignment, decode: winners }, spy);
    segmentFeatures(example(3, 1, 1, { method, training: true }));
    expect(asked).toEqual([
      ['forward', 3, 3],
      ['forward', 3, 3],
      ['reverse', 1, 3],
      ['reverse', 1, 3],
    ]);
  });

  it('takes no alignment loss where a soft mask decides nothing', () => {
    const inputs = example(2, 1, 1, { training: true });
    const soft = tf.tensor4d(
      inputs.masks.dataSync().map((value, i) => (i % 5 === 0 ? 0.3 : value)),
      [2, 1, 16, 16],
    );
    const { alignmentLoss, reverseLogits } = segmentFeatures({ ...inputs, masks: soft });
    const targets = (undecided: number) => soft.dataSync().map((value) => (value % 1 === 0 ? value : undecided));
    const [ignored, background] = [255, 0].map((undecided) =>
      crossEntropy(reverseLogits[0]!, tf.tensor3d(targets(undecided), [2, 16, 16])),
    );
    expectClose(alignmentLoss, ignored!, 1e-6);
    expect(Math.abs(ignored!.dataSync()[0]! - background!.dataSync()[0]!)).toBeGreaterThan(1e-3);
  });

  it('cuts soft masks at one half where they decide no pixel, and takes boolean masks', () => {
    const inputs = example(2, 1, 1, { training: true });
    const soft = tf.add(tf.mul(inputs.masks, 0.8), 0.1) as tf.Tensor4D;
    const { alignmentLoss, reverseLogits } = segmentFeatures({ ...inputs, masks: soft });
    const truth = tf.reshape(inputs.masks, [2, 16, 16]) as tf.Tensor3D;
    expectClose(alignmentLoss, crossEntropy(reverseLogits[0]!, truth), 1e-6);
    const masks = tf.greater(inputs.masks, 0.5) as tf.Tensor4D;
    const [hard, boolean] = [segmentFeatures(inputs), segmentFeatures({ ...inputs, masks })];
    expectClose(boolean.logits, hard.logits, 0);
    expectClose(boolean.alignmentLoss, hard.alignmentLoss, 0);
  });

  it('refuses thresholds that are not one an image', () => {
    const inputs = example(2, 1, 1, {});
    const query = { ...inputs.query, threshold: tf.zeros([2, 1]) as tf.Tensor2D };
    expect(() => segmentFeatures({ ...inputs, query })).toThrow('query thresholds [2,1] where [1,1] is needed');
  });

  it('is freed as a whole', () => {
    const inputs = example(2, 1, 1, { training: true });
    const before = tf.memory().numTensors;
    disposeSegmentation(segmentFeatures(inputs));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaks nothing', () => {
    const inputs = example(3, 2, 1, { training: true, method: withCalibrator(masked, towardsConsensus) });
    expectNoLeak(() => segmentFeatures(inputs) as never);
  });
});
