import { allShots, createRandom, type PrototypeCalibrator, segmentFeatures, withCalibrator } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type RptOptions, rpt } from './index.js';

const size = 16;
const channels = 4;
const side = 6;
const parameters = rpt().init({ channels: [channels], random: createRandom(3) });
afterAll(() => tf.dispose(Object.values(parameters)));

function features(seed: number, count: number, scale = 1) {
  const random = createRandom(seed);
  const values = Float32Array.from({ length: count * side * side * channels }, () => scale * random.normal());
  const maps = [tf.tensor4d(values, [count, side, side, channels])];
  return { maps, threshold: tf.fill([count, 1], 1.5) as tf.Tensor2D };
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const scale = fc.double({ min: 0.2, max: 5, noNaN: true });

/** A rectangle, cut off at the border; empty where height or width is 0. */
const box = fc.record({ top: fc.nat(size - 1), left: fc.nat(size - 1), height: fc.nat(size), width: fc.nat(size) });

function masksOf(boxes: readonly Box[], shots: number): tf.Tensor4D {
  const values = boxes.flatMap(({ top, left, height, width }) =>
    Array.from({ length: shots * size * size }, (_, i) => {
      const [row, column] = [Math.floor(i / size) % size, i % size];
      return row >= top && row < top + height && column >= left && column < left + width ? 1 : 0;
    }),
  );
  return tf.tensor4d(values, [boxes.length, shots, size, size]);
}

interface Setting {
  readonly options?: RptOptions;
  readonly training?: boolean;
  readonly scales?: readonly [number, number];
  readonly shots?: number;
  readonly seed?: number;
  readonly calibrator?: PrototypeCalibrator;
  readonly query?: tf.Tensor4D;
}

function segment(boxes: readonly Box[], setting: Setting = {}) {
  const { options, training = false, scales = [1, 1], shots = 1, seed = 5, calibrator } = setting;
  const method = rpt({ regions: 9, ...options });
  const query = features(2, 1, scales[1]);
  return segmentFeatures({
    method: calibrator === undefined ? method : withCalibrator(method, calibrator),
    parameters,
    support: features(1, shots, scales[0]),
    query: setting.query === undefined ? query : { ...query, maps: [setting.query] },
    masks: masksOf(boxes, shots),
    queryMasks: tf.reshape(masksOf(boxes, 1), [boxes.length, size, size]),
    shots: allShots(boxes.length, shots),
    training,
    random: createRandom(seed),
  });
}

const rowOf = (logits: tf.Tensor4D, rater: number) => tf.slice(logits, [rater, 0, 0, 0], [1, -1, -1, -1]);
const typical = { top: 2, left: 3, height: 7, width: 9 };

describe('RPT', () => {
  it('answers each rater as if alone, in the order of the raters, dropout included', () => {
    fc.assert(
      fc.property(fc.array(box, { minLength: 1, maxLength: 3 }), fc.boolean(), (boxes, training) => {
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
      { numRuns: 8 },
    );
  });

  it('does not see the scale of the features without the transformer', () => {
    fc.assert(
      fc.property(box, scale, scale, (own, support, query) => {
        fc.pre(own.height > 0 && own.width > 0);
        tf.tidy(() => {
          const options = { iterations: 0 };
          // Both parts of the support's prototype scale together.
          const scaled = segment([own], { options, scales: [support, query] }).logits;
          expectClose(tf.softmax(scaled), tf.softmax(segment([own], { options }).logits));
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
      expect(
        segment([own], { options: { regions: 100 } })
          .logits.dataSync()
          .every(Number.isFinite),
      ).toBe(true);
      const loss = (query: tf.Tensor): tf.Scalar => {
        const result = segment([own], { training: true, query: query as tf.Tensor4D });
        const losses = [result.alignmentLoss, ...Object.values(result.auxiliaryLosses)];
        return tf.addN([tf.mean(result.logits), ...losses]) as tf.Scalar;
      };
      const { value, grad } = tf.valueAndGrad(loss)(features(2, 1).maps[0]!);
      expect([...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  it('repeats itself from a seed, and meets other regions and dropout in the next pass', () => {
    tf.tidy(() => {
      const once = segment([typical], { training: true }).logits;
      expectClose(segment([typical], { training: true }).logits, once, 0);
      const other = segment([typical], { training: true, seed: 6 }).logits;
      expect(tf.max(tf.abs(tf.sub(other, once))).dataSync()[0]).toBeGreaterThan(1e-6);
    });
  });

  it('keeps the regions of every shot, out of the way of calibrators, beside the whole', () => {
    tf.tidy(() => {
      for (const shots of [1, 2]) {
        const { levels, uncalibrated } = segment([typical], { shots }).classes.foreground!.prototypes[0]!;
        expect(levels.map(({ shape }) => shape)).toEqual([[1, channels]]);
        expect(uncalibrated!.map(({ shape }) => shape)).toEqual([[9 * shots, channels]]);
      }
    });
  });

  it('runs behind a calibrator, in both directions', () => {
    const identity: PrototypeCalibrator = {
      name: 'identity',
      consensus: 'soft',
      init: () => ({}),
      calibrate: ({ raters }) => ({ raters: raters.map(({ levels }) => ({ levels })), loss: tf.scalar(0) }),
    };
    tf.tidy(() => {
      const boxes = [typical, { ...typical, top: 5 }];
      const plain = segment(boxes, { training: true });
      const wrapped = segment(boxes, { training: true, calibrator: identity });
      expectClose(wrapped.logits, plain.logits, 0);
      expectClose(wrapped.alignmentLoss, plain.alignmentLoss, 0);
    });
  });

  it('leaks nothing', () => {
    for (const training of [true, false]) {
      expectNoLeak(() => tf.tidy(() => segment([typical, typical], { training }).logits));
    }
    expectNoLeak(() => rpt().init({ channels: [channels], random: createRandom(1) }));
  });
});
