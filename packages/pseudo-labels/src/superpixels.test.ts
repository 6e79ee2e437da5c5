import { createRandom } from '@fsmr/core/random';
import { components2d, type Image2D, type LabelImage, type Mask2D, maskOfLabel } from '@fsmr/imaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { felzenszwalb2d } from './felzenszwalb.js';
import { foregroundMask } from './foreground.js';
import { numberAsPublished, numberConsecutively, pickPseudoLabel, superpixels } from './superpixels.js';
import { felzenszwalb3d, supervoxels } from './supervoxels.js';

function image(width: number, height: number, value: (x: number, y: number) => number): Image2D {
  const data = Float32Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { width, height, data };
}

const labelsOf = (...data: number[]): LabelImage => ({ width: data.length, height: 1, data: Int32Array.from(data) });
const maskOf = (...data: number[]): Mask2D => ({ width: data.length, height: 1, data: Uint8Array.from(data) });
const images = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }), fc.integer())
  .map(([width, height, seed]) => {
    const random = createRandom(seed);
    return image(width, height, () => random.integer(0, 40) * 2);
  });

describe('Felzenszwalb regions', () => {
  it('separate two flat squares, the first pixel lying in region 0', () => {
    const two = image(60, 30, (x) => (x < 30 ? 0 : 100));
    const regions = felzenszwalb2d(two, { sigma: 0 });
    expect(regions.count).toBe(2);
    expect([...regions.data]).toEqual([...two.data].map((value) => (value === 0 ? 0 : 1)));
  });
  it('are connected, numbered by first pixel and large enough', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1, max: 60 }), (picture, minimumSize) => {
        const regions = felzenszwalb2d(picture, { minimumSize });
        let next = 0;
        for (const region of regions.data) {
          expect(region).toBeLessThanOrEqual(next);
          if (region === next) next++;
        }
        expect(regions.count).toBe(next);
        for (let region = 0; region < regions.count; region++) {
          const parts = components2d(maskOfLabel(regions, region), 8);
          expect(parts.sizes).toHaveLength(2);
          if (regions.count > 1) expect(parts.sizes[1]).toBeGreaterThanOrEqual(minimumSize);
        }
      }),
      { numRuns: 60 },
    );
  });
  it('refuse NaN, broken images and negative parameters', () => {
    expect(() => felzenszwalb2d(image(3, 3, () => Number.NaN))).toThrow(/finite values/);
    expect(() => felzenszwalb2d({ width: 3, height: 3, data: new Float32Array(8) })).toThrow(/9 pixels/);
    expect(() =>
      felzenszwalb2d(
        image(3, 3, () => 1),
        { sigma: -1 },
      ),
    ).toThrow(/must not be negative/);
  });
  it('of a volume follow slices apart more than pixels apart', () => {
    const data = Float32Array.from({ length: 4 * 4 * 4 }, (_, i) => (i < 32 ? 10 : 10.002));
    const cut = (z: number): number =>
      felzenszwalb3d({ data, size: [4, 4, 4], spacing: [1, 1, z] }, { minimumSize: 1 }).count;
    expect(cut(0.01)).toBe(1);
    expect(cut(20)).toBe(2);
  });
});

describe('the body', () => {
  it('is the largest bright part without holes, or nothing', () => {
    const ring = image(9, 7, (x, y) => {
      if (x === 8 && y === 0) return 5;
      const distance = Math.max(Math.abs(x - 3), Math.abs(y - 3));
      return distance === 2 ? 5 : 0;
    });
    const body = foregroundMask(ring, 1);
    expect(body.data.reduce((sum, value) => sum + value, 0)).toBe(25);
    expect(foregroundMask(ring, 5).data.some((value) => value !== 0)).toBe(false);
  });
});

describe('numbers', () => {
  it('follow the published rule: the first region is dropped, the last moves up', () => {
    const everything = maskOf(1, 1, 1, 1);
    expect([...numberAsPublished(labelsOf(0, 1, 2, 3), everything).data]).toEqual([0, 1, 2, 4]);
    expect([...numberAsPublished(labelsOf(0, 1, 2, 3), maskOf(1, 0, 1, 1)).data]).toEqual([0, 0, 2, 4]);
    expect([...numberAsPublished(labelsOf(0, 0, 0, 0), everything).data]).toEqual([0, 0, 0, 0]);
    expect(() => numberAsPublished(labelsOf(0, 1), everything)).toThrow(/cannot be masked/);
  });
  it('or run without gaps, the first region included', () => {
    expect([...numberConsecutively(labelsOf(0, 3, 3, 1), maskOf(1, 1, 0, 1)).data]).toEqual([1, 2, 0, 3]);
    const flat = superpixels(
      image(8, 8, () => 7),
      { numbering: 'consecutive' },
    );
    expect([...new Set(flat.data)]).toEqual([1]);
    expect(superpixels(image(8, 8, () => 7)).data.some((label) => label !== 0)).toBe(false);
  });
});

describe('choosing a pseudo label', () => {
  const labels = labelsOf(0, 1, 1, 4, 4, 4, 2);
  it('takes each present label of enough pixels equally often', () => {
    const random = createRandom('pick');
    const counts = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      const { label, area, mask } = pickPseudoLabel(labels, random, { minimumArea: 2 })!;
      counts.set(label, (counts.get(label) ?? 0) + 1);
      expect(area).toBe(mask.data.reduce((sum, value) => sum + value, 0));
      expect(mask).toEqual(maskOfLabel(labels, label));
    }
    expect([...counts.keys()].sort()).toEqual([1, 4]);
    expect(Math.abs(counts.get(1)! - 2000)).toBeLessThan(200);
  });
  it('by the published rule may meet a number that does not occur', () => {
    const random = createRandom('published');
    let missed = 0;
    expect(() => pickPseudoLabel(labels, random, { rule: 'presnt' as never })).toThrow('no rule "presnt"');
    for (let i = 0; i < 4000; i++) if (pickPseudoLabel(labels, random, { rule: 'published' }) === undefined) missed++;
    expect(Math.abs(missed - 1000)).toBeLessThan(150);
  });
  it('finds nothing where there is nothing', () => {
    expect(pickPseudoLabel(labelsOf(0, 0), createRandom(1))).toBeUndefined();
    expect(pickPseudoLabel(labels, createRandom(1), { minimumArea: 9 })).toBeUndefined();
  });
});

it('supervoxels keep the grid of their scan', () => {
  const random = createRandom('supervoxels');
  const data = Float32Array.from({ length: 600 }, (_, i) => (i % 10 < 2 ? 0 : 100) + random.next());
  const scan = {
    kind: 'image',
    data,
    size: [10, 10, 6],
    spacing: [1, 1, 3],
    origin: [1, 2, 3],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  } as const;
  const labels = supervoxels(scan, { minimumSize: 40 });
  expect(labels).toMatchObject({ kind: 'labels', size: scan.size, spacing: scan.spacing, origin: scan.origin });
  expect([...labels.data.subarray(0, 2)]).toEqual([0, 0]);
  expect(labels.data[5]).toBeGreaterThan(0);
});
