import { createRandom, type Segmentation, segmentFeatures } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alpnet } from './alpnet.js';
import { type AlpnetOptions, alpnetDefaults, resolveAlpnetOptions } from './options.js';

const [size, grid, channels] = [16, 8, 5];
const kinds = ['empty', 'full', 'pixel', 'block', 'noise', 'checkerboard'] as const;

function maskOf(kind: (typeof kinds)[number], seed: number): number[] {
  const random = createRandom(`mask ${seed}`);
  const [top, left] = [random.integer(0, 7), random.integer(0, 7)];
  return Array.from({ length: size * size }, (_, i) => {
    const [row, column] = [Math.floor(i / size), i % size];
    if (kind === 'pixel') return row === top && column === left ? 1 : 0;
    if (kind === 'block') return row >= top && row < top + 9 && column >= left && column < left + 9 ? 1 : 0;
    if (kind === 'noise') return random.chance(0.5) ? 1 : 0;
    if (kind === 'checkerboard') return ((row >> 2) + (column >> 2)) % 2;
    return kind === 'full' ? 1 : 0;
  });
}

function featuresOf(images: number, seed: number): tf.Tensor4D {
  const random = createRandom(`features ${seed}`);
  const values = Array.from({ length: images * grid * grid * channels }, () => random.normal() + 0.3);
  return tf.tensor4d(values, [images, grid, grid, channels]);
}

/** Masks by rater and shot, on features of the shots and the query. */
function segment(
  masks: readonly (readonly number[][])[],
  features: tf.Tensor4D,
  { training = true, ...options }: AlpnetOptions & { training?: boolean } = {},
): Segmentation {
  const shots = masks[0]!.length;
  return segmentFeatures({
    method: alpnet({ protoGridSize: 4, ...options }),
    parameters: {},
    support: { maps: [tf.slice(features, 0, shots)] },
    query: { maps: [tf.slice(features, shots, 1)] },
    masks: tf.tensor4d(masks.flat(2), [masks.length, shots, size, size]),
    shots: masks.map(() => Array.from({ length: shots }, (_, shot) => shot)),
    training,
  });
}

const mask = fc
  .record({ kind: fc.constantFrom(...kinds), seed: fc.nat(1000) })
  .map(({ kind, seed }) => maskOf(kind, seed));
const scene = fc
  .record({ raters: fc.integer({ min: 1, max: 4 }), shots: fc.integer({ min: 1, max: 3 }) })
  .chain(({ raters, shots }) =>
    fc.record({
      masks: fc.array(fc.array(mask, { minLength: shots, maxLength: shots }), { minLength: raters, maxLength: raters }),
      seed: fc.nat(1000),
      training: fc.boolean(),
    }),
  );
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

/** Checks a claim about scenes and their features; every tensor is freed. */
function holds(claim: (given: Scene, features: tf.Tensor4D) => void, seed: number): void {
  const check = (given: Scene) => tf.tidy(() => claim(given, featuresOf(given.masks[0]!.length + 1, given.seed)));
  fc.assert(fc.property(scene, check), { numRuns: 15, seed });
}

describe('ALPNet over whole episodes', () => {
  it('gives finite logits, losses and gradients whatever the masks', () => {
    holds(({ masks, training }, features) => {
      const cost = (x: tf.Tensor) => {
        const { logits, alignmentLoss } = segment(masks, x as tf.Tensor4D, { training });
        return tf.add(tf.mean(logits), alignmentLoss) as tf.Scalar;
      };
      const { value, grad } = tf.valueAndGrad(cost)(features);
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      expect(grad.dataSync().every(Number.isFinite)).toBe(true);
    }, 1);
  });

  it('does not see the length of features', () => {
    holds(({ masks, seed, training }, features) => {
      const scaled = segment(masks, tf.mul(features, 0.1 + seed / 20), { training });
      expectClose(scaled.logits, segment(masks, features, { training }).logits, 1e-4, 20);
    }, 2);
  });

  it('permutes its answers with its raters', () => {
    holds(({ masks, training }, features) => {
      const straight = segment(masks, features, { training });
      const back = segment([...masks].reverse(), features, { training });
      expectClose(tf.reverse(back.logits, 0), straight.logits, 1e-5, 20);
      expectClose(back.alignmentLoss, straight.alignmentLoss);
    }, 3);
  });

  it('gives one rater what it gives each of several who agree', () => {
    holds(({ masks, training }, features) => {
      const alone = segment([masks[0]!], features, { training });
      const twins = segment([masks[0]!, masks[0]!], features, { training });
      expectClose(twins.logits, tf.concat([alone.logits, alone.logits]), 1e-5, 20);
      expectClose(twins.alignmentLoss, alone.alignmentLoss);
    }, 4);
  });

  it('is not changed by a support image given twice', () => {
    holds(({ masks, training }, features) => {
      const [support, query] = [tf.slice(features, 0, 1), tf.slice(features, 1, 1)];
      const once = masks.map((own) => [own[0]!]);
      const twice = masks.map((own) => [own[0]!, own[0]!]);
      const expected = segment(once, tf.concat([support, query]), { training });
      const found = segment(twice, tf.concat([support, support, query]), { training });
      expectClose(found.logits, expected.logits, 1e-5, 20);
    }, 5);
  });
});

describe('ALPNet where a mask read by cells fills none', () => {
  // Every window of 4 x 4 feature cells is half foreground and half background.
  const scattered = [[maskOf('checkerboard', 0)]];

  it('lets the class prototype take over', () => {
    tf.tidy(() => {
      const found = segment(scattered, featuresOf(2, 5), { protoGridSize: 2 });
      expect(found.classes.background!.prototypes[0]!.levels[0]!.shape).toEqual([1, channels]);
      expect(Math.max(...found.similarities.background![0]!.dataSync())).toBeGreaterThan(1);
    });
  });

  it('answers zero like the published JAPC program where asked to', () => {
    tf.tidy(() => {
      const found = segment(scattered, featuresOf(2, 5), { protoGridSize: 2, emptyGrid: 'none' });
      expect(found.classes.background!.prototypes[0]!.levels[0]!.shape).toEqual([0, channels]);
      expect(found.similarities.background![0]!.dataSync().every((value) => value === 0)).toBe(true);
    });
  });
});

describe('ALPNet as a method', () => {
  it('refuses options that make no sense', () => {
    expect(() => alpnet({ protoGridSize: 0 })).toThrow(/protoGridSize is 0/);
    expect(() => alpnet({ evaluationWindow: 1.5 })).toThrow(/evaluationWindow is 1.5/);
    expect(() => alpnet({ foregroundThreshold: 1 })).toThrow(/foregroundThreshold is 1/);
    expect(() => alpnet({ backgroundThreshold: Number.NaN })).toThrow(/backgroundThreshold/);
    expect(() => alpnet({ scale: -1 })).toThrow(/scale is -1/);
    expect(() => alpnet({ emptyGrid: 'nonsense' as 'none' })).toThrow(/emptyGrid is "nonsense"/);
  });

  it('takes an option that is undefined for one that is not given', () => {
    const given = { emptyGrid: undefined, alignment: undefined, scale: undefined };
    expect(resolveAlpnetOptions(given as unknown as AlpnetOptions)).toEqual(alpnetDefaults);
  });

  it('keeps no tensor beyond its answers', () => {
    const method = alpnet();
    const [support, query] = [featuresOf(1, 1), featuresOf(1, 2)];
    const whole = tf.ones([1, grid, grid]) as tf.Tensor3D;
    const common = {
      className: 'background',
      support: { maps: [support] },
      query: { maps: [query] },
      training: false,
      direction: 'forward',
      parameters: {},
      random: createRandom(1),
    } as const;
    expectNoLeak(() => {
      const shared = method.share({ ...common, raterMasks: [whole], consensusMask: whole });
      const prototypes = method.extract({ ...common, mask: whole, shots: [0], shared });
      return [shared.cells!, ...prototypes.levels, ...method.score({ ...common, prototypes, shared })];
    });
    tf.dispose([support, query, whole]);
  });
});
