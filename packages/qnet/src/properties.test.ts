import { allShots, createRandom, crossEntropy, segmentFeatures } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type QNetOptions, qnet } from './index.js';

const size = 16;
const channels = 5;

/** Features of `count` images at two scales, and thresholds. */
function features(seed: number, count: number, scale = 1) {
  const random = createRandom(seed);
  const map = (side: number) => {
    const values = Float32Array.from({ length: count * side * side * channels }, () => scale * random.normal());
    return tf.tensor4d(values, [count, side, side, channels]);
  };
  return { maps: [map(8), map(4)], threshold: tf.fill([count, 1], 1.5) as tf.Tensor2D };
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const scale = fc.double({ min: 0.2, max: 5, noNaN: true });

/** A rectangle, cut off at the border; empty where height or width is 0. */
const box = fc.record({
  top: fc.nat(size - 1),
  left: fc.nat(size - 1),
  height: fc.nat(size),
  width: fc.nat(size),
});

/** [R, S, H, W] */
function masksOf(boxes: readonly Box[], shots = 1): tf.Tensor4D {
  const values = boxes.flatMap(({ top, left, height, width }) =>
    Array.from({ length: shots * size * size }, (_, i) => {
      const [row, column] = [Math.floor(i / size) % size, i % size];
      return row >= top && row < top + height && column >= left && column < left + width ? 1 : 0;
    }),
  );
  return tf.tensor4d(values, [boxes.length, shots, size, size]);
}

interface Setting {
  readonly options?: QNetOptions;
  readonly training?: boolean;
  readonly seed?: number;
  readonly scales?: readonly [number, number];
  readonly shots?: number;
}

function segment(boxes: readonly Box[], setting: Setting = {}) {
  const { options, training = false, seed = 1, scales = [1, 1], shots = 1 } = setting;
  return segmentFeatures({
    method: qnet({ iterations: 2, ...options }),
    parameters: {},
    support: features(seed, shots, scales[0]),
    query: features(seed + 1, 1, scales[1]),
    masks: masksOf(boxes, shots),
    shots: allShots(boxes.length, shots),
    training,
  });
}

const rowOf = (logits: tf.Tensor4D, rater: number) => tf.slice(logits, [rater, 0, 0, 0], [1, -1, -1, -1]);

describe('Q-Net', () => {
  it('does not see the scale of the features before refinement', () => {
    fc.assert(
      fc.property(box, scale, scale, (own, support, query) => {
        fc.pre(own.height > 0 && own.width > 0);
        tf.tidy(() => {
          const options = { iterations: 0 };
          const scaled = segment([own], { options, scales: [support, query] }).logits;
          expectClose(tf.softmax(scaled), tf.softmax(segment([own], { options }).logits));
        });
      }),
      { numRuns: 15 },
    );
  });

  it('answers each rater as if alone, in the order of the raters', () => {
    fc.assert(
      fc.property(fc.array(box, { minLength: 1, maxLength: 4 }), fc.boolean(), (boxes, training) => {
        tf.tidy(() => {
          const together = segment(boxes, { training }).logits;
          const reversed = segment([...boxes].reverse(), { training }).logits;
          boxes.forEach((own, rater) => {
            const alone = segment([own], { training }).logits;
            expectClose(rowOf(together, rater), alone, 1e-5);
            expectClose(rowOf(reversed, boxes.length - 1 - rater), alone, 1e-5);
          });
        });
      }),
      { numRuns: 10 },
    );
  });

  it.each([
    ['empty', { top: 0, left: 0, height: 0, width: 0 }],
    ['full', { top: 0, left: 0, height: size, width: size }],
    ['one pixel', { top: 5, left: 9, height: 1, width: 1 }],
  ])('gives numbers and gradients for a mask that is %s', (_, own) => {
    tf.tidy(() => {
      const evaluated = segment([own], { options: { iterations: 7 } });
      expect(evaluated.logits.dataSync().every(Number.isFinite)).toBe(true);
      const loss = (map: tf.Tensor): tf.Scalar => {
        const support = { ...features(1, 1), maps: [map as tf.Tensor4D, features(1, 1).maps[1]!] };
        const { logits, alignmentLoss } = segmentFeatures({
          method: qnet(),
          parameters: {},
          support,
          query: features(2, 1),
          masks: masksOf([own]),
          shots: [[0]],
          training: true,
        });
        const truth = tf.reshape(masksOf([{ top: 2, left: 2, height: 9, width: 9 }]), [1, size, size]);
        return tf.add(crossEntropy(logits, truth), alignmentLoss) as tf.Scalar;
      };
      const { value, grad } = tf.valueAndGrad(loss)(features(1, 1).maps[0]!);
      expect([...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  it('refines on features that do not vary without leaving the numbers', () => {
    tf.tidy(() => {
      const own = { top: 1, left: 1, height: 6, width: 6 };
      const { logits } = segment([own], { options: { iterations: 7 }, scales: [1, 0] });
      expect(logits.dataSync().every(Number.isFinite)).toBe(true);
    });
  });

  it('averages the prototypes of several shots', () => {
    tf.tidy(() => {
      const own = { top: 3, left: 2, height: 8, width: 5 };
      const { classes } = segment([own], { shots: 2 });
      const singles = [0, 1].map((shot) => {
        const support = features(1, 2);
        return segmentFeatures({
          method: qnet(),
          parameters: {},
          support: {
            maps: support.maps.map((map) => tf.slice(map, [shot, 0, 0, 0], [1, -1, -1, -1])),
            threshold: tf.slice(support.threshold, [shot, 0], [1, 1]),
          },
          query: features(2, 1),
          masks: masksOf([own]),
          shots: [[0]],
        }).classes.foreground!.prototypes[0]!.levels;
      });
      classes.foreground!.prototypes[0]!.levels.forEach((level, n) => {
        expectClose(level, tf.div(tf.add(singles[0]![n]!, singles[1]![n]!), 2), 1e-5);
      });
    });
  });

  it('refuses what it cannot use, and says why', () => {
    expect(() => qnet({ alpha: [] })).toThrow(/alpha/);
    expect(() => qnet({ iterations: -1 })).toThrow(/iterations/);
    const { threshold: _, ...without } = features(1, 1);
    const inputs = { parameters: {}, masks: masksOf([{ top: 0, left: 0, height: 4, width: 4 }]), shots: [[0]] };
    const given = { ...inputs, support: without, query: without };
    expect(() => segmentFeatures({ ...given, method: qnet() })).toThrow(/threshold/);
    expect(() => segmentFeatures({ ...given, method: qnet({ alpha: [1, 1, 1] }) })).toThrow(/alpha/);
    tf.dispose([without.maps, _, inputs.masks]);
  });

  it('leaks nothing', () => {
    const boxes = [
      { top: 0, left: 0, height: 9, width: 9 },
      { top: 4, left: 4, height: 9, width: 9 },
    ];
    for (const training of [true, false]) expectNoLeak(() => tf.tidy(() => segment(boxes, { training }).logits));
  });
});
