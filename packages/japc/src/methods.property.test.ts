import { alpnet } from '@fsmr/alpnet';
import {
  allShots,
  createRandom,
  type FeatureMaps,
  type ParameterRecord,
  type PrototypeMethod,
  type Segmentation,
  segmentFeatures,
} from '@fsmr/core';
import { dspnet } from '@fsmr/dspnet';
import { qnet } from '@fsmr/qnet';
import { rpt } from '@fsmr/rpt';
import { expectClose, expectNoLeak, relativeError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JapcOptions, japc, raterAttention } from './index.js';

const size = 32;
const grid = 8;
const channels = 12;

/** Each published method at a size a property can run often, and the levels of features it reads. */
const methods: Record<string, { method: PrototypeMethod; levels: number; scaleFree: boolean }> = {
  alpnet: { method: alpnet({ protoGridSize: 4 }) as never, levels: 1, scaleFree: true },
  dspnet: { method: dspnet({ protoGridSize: 4 }) as never, levels: 1, scaleFree: false },
  qnet: { method: qnet({ iterations: 1 }) as never, levels: 2, scaleFree: true },
  rpt: { method: rpt({ regions: 6, iterations: 1 }) as never, levels: 1, scaleFree: false },
};

/** How many runs a property gets; each takes a whole episode. */
const runs = { numRuns: 5 };
// TensorFlow.js takes a seed of 0 for none.
const seeds = fc.integer({ min: 1, max: 2 ** 30 });

/** Features of `count` images at each level, with a threshold. */
function features(seed: number, count: number, levels: number, scale = 1): FeatureMaps {
  const maps = Array.from({ length: levels }, (_, level) => {
    const side = grid >> level;
    const values = tf.randomNormal([count, side, side, channels], 0.3, 1, 'float32', seed + level);
    return tf.mul(values, scale) as tf.Tensor4D;
  });
  return { maps, threshold: tf.fill([count, 1], -6) };
}

/** A random rectangle; large enough for grid cells in half of the cases. */
function rectangle(seed: number): Float32Array {
  const random = createRandom(seed);
  const [height, width] = [random.integer(4, 24), random.integer(4, 24)];
  const [top, left] = [random.integer(0, size - height), random.integer(0, size - width)];
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [y, x] = [Math.floor(i / size), i % size];
    return y >= top && y < top + height && x >= left && x < left + width ? 1 : 0;
  });
}

function stack(masks: readonly Float32Array[], shots = 1): tf.Tensor4D {
  return tf.tensor4d(Float32Array.from(masks.flatMap((mask) => [...mask])), [masks.length / shots, shots, size, size]);
}

interface Run {
  readonly method: PrototypeMethod;
  readonly masks: tf.Tensor4D;
  readonly levels: number;
  readonly seed: number;
  readonly training?: boolean;
  readonly scale?: number;
  readonly shots?: readonly (readonly number[])[];
}

function segment({ method, masks, levels, seed, training = false, scale, shots }: Run): Segmentation {
  const [raters, count] = masks.shape;
  return segmentFeatures({
    method,
    parameters: parametersOf(method, levels),
    support: features(seed, count, levels, scale),
    query: features(seed + 100, 1, levels, scale),
    masks,
    shots: shots ?? allShots(raters, count),
    training,
    random: createRandom(seed),
  });
}

function parametersOf(method: PrototypeMethod, levels: number): ParameterRecord {
  const inputs = { channels: Array.from({ length: levels }, () => channels), random: createRandom('parameters') };
  return { ...method.init(inputs), ...method.calibrator?.init(inputs) };
}

const variants: Record<string, JapcOptions> = {
  default: {},
  paper: { preset: 'paper' },
  sigmoid: { operator: 'joint-sigmoid' },
  released: { preset: 'released' },
  separate: { projections: 'separate', comparison: 'nearest', consensus: 'majority' },
};

describe.each(Object.entries(methods))('JAPC over %s', (_name, { method, levels, scaleFree }) => {
  const inTidy = (run: () => void): void => {
    tf.tidy(run);
  };

  it.each(Object.entries(variants))('%s: permuting raters permutes outputs', (_variant, options) => {
    const wrapped = japc(method, options);
    fc.assert(
      fc.property(seeds, (seed) =>
        inTidy(() => {
          const masks = [0, 1, 2].map((rater) => rectangle(seed + rater));
          const found = segment({ method: wrapped, masks: stack(masks), levels, seed });
          const permuted = segment({ method: wrapped, masks: stack([masks[2]!, masks[0]!, masks[1]!]), levels, seed });
          expectClose(permuted.logits, tf.gather(found.logits, [2, 0, 1]));
          expectClose(permuted.calibrationLoss, found.calibrationLoss, 1e-4, 1e-6);
        }),
      ),
      runs,
    );
  });

  it('identical raters get identical outputs and attend to each other equally', () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        inTidy(() => {
          const mask = rectangle(seed);
          const found = segment({ method: japc(method), masks: stack([mask, mask, mask]), levels, seed });
          const [first, second, third] = tf.unstack(found.logits);
          expectClose(second!, first!, 1e-5);
          expectClose(third!, first!, 1e-5);
          for (const { prototypes, calibration } of Object.values(found.classes)) {
            calibration!.attention!.forEach((attention, level) => {
              const counts = prototypes.map((own) => own.levels[level]!.shape[0]);
              expectClose(raterAttention(attention, counts), tf.fill([3, 3], 1 / 3), 1e-4);
            });
          }
        }),
      ),
      runs,
    );
  });

  it('one rater is the base method', () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, training) =>
        inTidy(() => {
          const masks = stack([rectangle(seed)]);
          const base = segment({ method, masks, levels, seed, training });
          const wrapped = segment({ method: japc(method), masks, levels, seed, training });
          expectClose(wrapped.logits, base.logits, 0);
          expectClose(wrapped.alignmentLoss, base.alignmentLoss, 0);
          expect(wrapped.calibrationLoss.dataSync()[0]).toBe(0);
        }),
      ),
      runs,
    );
  });

  it('the joint attention changes predictions, the gate does not', () => {
    inTidy(() => {
      const masks = stack([rectangle(1), rectangle(2), rectangle(3)]);
      const base = segment({ method, masks, levels, seed: 4, training: true });
      const gated = segment({ method: japc(method, { operator: 'gate' }), masks, levels, seed: 4, training: true });
      const joint = segment({ method: japc(method, { preset: 'paper' }), masks, levels, seed: 4, training: true });
      if (scaleFree) expect(relativeError(gated.logits, base.logits)).toBeLessThan(1e-5);
      expect(relativeError(joint.logits, base.logits)).toBeGreaterThan(1e-3);
    });
  });

  it('calibrates scaled prototypes to scaled prototypes', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0.05, max: 50, noNaN: true }), (seed, scale) =>
        inTidy(() => {
          const masks = stack([rectangle(seed), rectangle(seed + 1)]);
          const at = (factor: number) =>
            segment({ method: japc(method), masks, levels, seed, training: true, scale: factor });
          if (scaleFree) expectClose(at(scale).logits, at(1).logits, 1e-3);
          const { calibrator } = japc(method);
          const raters = [3, 2].map((rows, i) => ({
            levels: [tf.randomNormal([rows, channels], 0, 1, 'float32', seed + i)],
          }));
          const consensus = raters[0]!;
          const parameters = parametersOf(japc(method), 1);
          const calibrate = (factor: number) =>
            calibrator!.calibrate({
              className: 'foreground',
              raters: raters.map((own) => ({ levels: own.levels.map((level) => tf.mul(level, factor)) })) as never,
              consensus: { levels: [tf.mul(consensus.levels[0]!, factor)] } as never,
              parameters,
              training: false,
              direction: 'forward',
            });
          const [scaled, plain] = [calibrate(scale), calibrate(1)];
          scaled.raters.forEach((own, i) => {
            expectClose(own.levels[0]!, tf.mul(plain.raters[i]!.levels[0]!, scale), 1e-3);
          });
          expectClose(scaled.loss, plain.loss, 1e-3, 1e-2);
        }),
      ),
      runs,
    );
  });

  it.each(Object.entries(variants))('%s: no NaN for empty, full, one-pixel and disjoint masks', (_variant, options) => {
    const zeros = () => new Float32Array(size * size);
    const onePixel = zeros();
    onePixel[5 * size + 7] = 1;
    const left = Float32Array.from(zeros(), (_value, i) => (i % size < size / 2 ? 1 : 0));
    const extremes: Record<string, Float32Array[]> = {
      empty: [zeros(), zeros()],
      full: [zeros().fill(1), zeros().fill(1)],
      'one pixel': [onePixel, onePixel],
      disjoint: [left, left.map((value) => 1 - value)],
      mixed: [zeros(), zeros().fill(1), onePixel, left],
    };
    for (const masks of Object.values(extremes)) {
      for (const training of [false, true]) {
        inTidy(() => {
          const found = segment({ method: japc(method, options), masks: stack(masks), levels, seed: 3, training });
          const all = [found.logits, found.calibrationLoss, found.alignmentLoss];
          for (const tensor of all) expect(Number.isFinite(tf.sum(tf.abs(tensor)).dataSync()[0])).toBe(true);
        });
      }
    }
  });

  it('takes 32 raters, and two shots of which some raters outlined one', () => {
    inTidy(() => {
      const many = Array.from({ length: 32 }, (_, rater) => rectangle(rater));
      const found = segment({ method: japc(method), masks: stack(many), levels, seed: 1 });
      expect(found.logits.shape).toEqual([32, size, size, 2]);
      const masks = stack([0, 1, 2, 3, 4, 5].map(rectangle), 2);
      const shots = [[0, 1], [0], [1]];
      const some = segment({ method: japc(method), masks, levels, seed: 1, shots, training: true });
      const numbers = [some.logits, some.alignmentLoss, some.calibrationLoss].map((t) => tf.sum(t).dataSync()[0]);
      for (const number of numbers) expect(number).not.toBeNaN();
      expect(some.calibrationLoss.dataSync()[0]).toBeGreaterThan(0);
    });
  });

  it('leaves no tensor behind', () => {
    const wrapped = japc(method, { projections: 'separate' });
    inTidy(() => {
      const masks = stack([rectangle(1), rectangle(2)]);
      const parameters = parametersOf(wrapped, levels);
      const [support, query] = [features(1, 1, levels), features(2, 1, levels)];
      expectNoLeak(
        () =>
          segmentFeatures({
            method: wrapped,
            parameters,
            support,
            query,
            masks,
            shots: allShots(2, 1),
            training: true,
          }) as never,
      );
    });
  });
});
