import { createRandom, type Segmentation, segmentFeatures } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialMixing } from './channel-mixing.js';
import { dspnet } from './dspnet.js';
import type { DspnetOptions } from './options.js';

const [size, grid, channels] = [16, 8, 6];
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

/** Masks by rater and shot, on features of the shots and the query; areas of 8 cells already get two seeds. */
function segment(
  masks: readonly (readonly number[][])[],
  features: tf.Tensor4D,
  { training = true, mixing, ...options }: DspnetOptions & { training?: boolean; mixing?: tf.Tensor } = {},
): Segmentation {
  const shots = masks[0]!.length;
  return segmentFeatures({
    method: dspnet({ protoGridSize: 4, areaPerSeed: 5, ...options }),
    parameters: { 'cls_unit.cal': mixing ?? initialMixing(channels) },
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
  .record({ raters: fc.integer({ min: 1, max: 3 }), shots: fc.integer({ min: 1, max: 2 }) })
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
  fc.assert(fc.property(scene, check), { numRuns: 12, seed });
}

describe('DSPNet over whole episodes', () => {
  it('gives finite logits, losses and gradients whatever the masks', () => {
    holds(({ masks, training }, features) => {
      const cost = (x: tf.Tensor, mixing: tf.Tensor) => {
        const { logits, alignmentLoss } = segment(masks, x as tf.Tensor4D, { training, mixing });
        return tf.add(tf.mean(logits), alignmentLoss) as tf.Scalar;
      };
      const { value, grads } = tf.valueAndGrads(cost)([features, initialMixing(channels)]);
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      for (const gradient of grads) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    }, 1);
  });

  it('stays finite where features are zero or far apart', () => {
    tf.tidy(() => {
      const masks = [[maskOf('block', 3)]];
      for (const factor of [0, 1e4]) {
        const features = tf.mul(featuresOf(2, 1), factor) as tf.Tensor4D;
        const gradient = tf.grad((x) => tf.mean(segment(masks, x as tf.Tensor4D).logits))(features);
        expect(segment(masks, features).logits.dataSync().every(Number.isFinite)).toBe(true);
        expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
      }
    });
  });

  it('permutes its answers with its raters', () => {
    holds(({ masks, training }, features) => {
      const straight = segment(masks, features, { training });
      const back = segment([...masks].reverse(), features, { training });
      expectClose(tf.reverse(back.logits, 0), straight.logits, 1e-5, 20);
      expectClose(back.alignmentLoss, straight.alignmentLoss);
    }, 2);
  });

  it('gives one rater what it gives each of several who agree', () => {
    holds(({ masks, training }, features) => {
      const alone = segment([masks[0]!], features, { training });
      const twins = segment([masks[0]!, masks[0]!], features, { training });
      expectClose(twins.logits, tf.concat([alone.logits, alone.logits]), 1e-5, 20);
      expectClose(twins.alignmentLoss, alone.alignmentLoss);
    }, 3);
  });
});

describe('DSPNet with several shots', () => {
  it('has a class prototype of each shot beside the cells, and one mean where it stands alone', () => {
    tf.tidy(() => {
      const features = featuresOf(3, 4);
      const rows = (kind: (typeof kinds)[number]) => {
        const masks = [[maskOf(kind, 1), maskOf(kind, 2)]];
        return segment(masks, features).classes.foreground!.prototypes[0]!.levels[0]!;
      };
      expect(rows('pixel').shape).toEqual([1, channels]);
      // Sixteen cells a shot, all full.
      expect(rows('full').shape).toEqual([2 * 16 + 2, channels]);
    });
  });

  it('reads a rater who outlined some shots from these alone', () => {
    tf.tidy(() => {
      const features = featuresOf(3, 4);
      const [block, whole] = [maskOf('block', 1), maskOf('full', 2)];
      const given = (other: number[]) =>
        segmentFeatures({
          method: dspnet({ protoGridSize: 4 }),
          parameters: { 'cls_unit.cal': initialMixing(channels) },
          support: { maps: [tf.slice(features, 0, 2)] },
          query: { maps: [tf.slice(features, 2, 1)] },
          masks: tf.tensor4d([block, other, whole, whole].flat(), [2, 2, size, size]),
          shots: [[0], [0, 1]],
        }).classes.foreground!.prototypes[0]!.levels[0]!;
      expectClose(given(whole), given(maskOf('noise', 5)), 1e-6);
    });
  });
});

describe('DSPNet as a method', () => {
  it('makes prototypes read by cells of unit length, a class prototype alone of its own', () => {
    tf.tidy(() => {
      const lengths = (kind: (typeof kinds)[number], className: 'foreground' | 'background') => {
        const found = segment([[maskOf(kind, 1)]], featuresOf(2, 6)).classes[className]!;
        return [...tf.norm(found.prototypes[0]!.levels[0]!, 2, 1).dataSync()];
      };
      for (const length of [...lengths('full', 'foreground'), ...lengths('empty', 'background')]) {
        expect(length).toBeCloseTo(1, 5);
      }
      expect(lengths('block', 'foreground')[0]).not.toBeCloseTo(1, 2);
    });
  });

  it('lets the class prototype take over where a mask read by cells fills none, or answers zero', () => {
    tf.tidy(() => {
      const scattered = [[maskOf('checkerboard', 0)]];
      const counts = (emptyGrid: 'class-prototype' | 'none') =>
        segment(scattered, featuresOf(2, 5), { protoGridSize: 2, emptyGrid }).classes.background!.prototypes[0]!
          .levels[0]!.shape[0];
      expect(counts('class-prototype')).toBe(1);
      expect(counts('none')).toBe(0);
    });
  });

  it('starts from the published mixing matrix and learns it slowly', () => {
    tf.tidy(() => {
      const method = dspnet();
      const parameters = method.init({ channels: [4], random: createRandom(1) });
      expect(Object.keys(parameters)).toEqual(['cls_unit.cal']);
      expectClose(
        parameters['cls_unit.cal']!,
        [
          [1, 0, 0, 0],
          [0.3, 0.8, 0.3, 0],
          [0, 0.3, 0.8, 0.3],
          [0, 0, 0, 1],
        ].flat(),
      );
      expect(method.learningRateScale('cls_unit.cal')).toBe(1e-4);
      expect(method.learningRateScale('encoder.localconv.weight')).toBe(1);
    });
  });

  it('says which parameter is missing or of another width, and which option makes no sense', () => {
    tf.tidy(() => {
      const masks = [[maskOf('block', 1)]];
      expect(() => segment(masks, featuresOf(2, 1), { mixing: tf.eye(3) })).toThrow(/cls_unit.cal is \[3,3\]/);
      expect(() =>
        segmentFeatures({
          method: dspnet(),
          parameters: {},
          support: { maps: [featuresOf(1, 1)] },
          query: { maps: [featuresOf(1, 2)] },
          masks: tf.ones([1, 1, size, size]),
          shots: [[0]],
        }),
      ).toThrow(/needs the parameter cls_unit.cal/);
    });
    expect(() => dspnet({ maximumSeeds: -1 })).toThrow(/maximumSeeds is -1/);
    expect(() => dspnet({ clusteringSteps: 0.5 })).toThrow(/clusteringSteps is 0.5/);
    expect(() => dspnet({ areaPerSeed: 0 })).toThrow(/areaPerSeed is 0/);
    expect(() => dspnet({ scale: 0 })).toThrow(/scale is 0/);
  });

  it('keeps no tensor beyond its answers', () => {
    const method = dspnet({ areaPerSeed: 5 });
    const [support, query, mixing] = [featuresOf(1, 1), featuresOf(1, 2), initialMixing(channels)];
    const whole = tf.ones([1, grid, grid]) as tf.Tensor3D;
    const common = {
      className: 'foreground',
      support: { maps: [support] },
      query: { maps: [query] },
      training: false,
      direction: 'forward',
      parameters: { 'cls_unit.cal': mixing },
      random: createRandom(1),
    } as const;
    expectNoLeak(() => {
      const shared = method.share({
        ...common,
        raterMasks: [whole],
        consensusMask: whole,
        consensusImageMask: whole,
      });
      expect(shared.seeds[0]!.length).toBeGreaterThan(1);
      const prototypes = method.extract({ ...common, mask: whole, shots: [0], shared });
      const alone = method.extract({ ...common, mask: whole, shots: [0], shared: { ...shared, mode: 'class' } });
      const map = method.score({ ...common, prototypes, shared });
      return [shared.cells!, shared.attended!, ...prototypes.levels, ...alone.levels, ...map];
    });
    tf.dispose([support, query, mixing, whole]);
  });
});
