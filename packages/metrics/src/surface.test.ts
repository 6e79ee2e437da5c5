import { ShapeError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageSurfaceDistance, hausdorffDistance, hd95, surfaceDice, surfaceDistances } from './surface.js';

type Point = readonly number[];

/** An ellipsoid with a box beside it; sizes, centre and radii in the order x, y, z. */
function ellipsoid(size: Point, centre: Point, radii: Point, box?: { from: Point; to: Point }): Uint8Array {
  const mask = new Uint8Array(size.reduce((product, extent) => product * extent, 1));
  for (let i = 0; i < mask.length; i++) {
    const at = [i % size[0]!, Math.floor(i / size[0]!) % size[1]!, Math.floor(i / (size[0]! * size[1]!))].slice(
      0,
      size.length,
    );
    // Added from the slowest axis on, as numpy's sum over np.indices does.
    const square = [...at.keys()].reverse().reduce((sum, a) => sum + ((at[a]! - centre[a]!) / radii[a]!) ** 2, 0);
    const inBox = box !== undefined && at.every((value, a) => value >= box.from[a]! && value < box.to[a]!);
    if (square <= 1 || inBox) mask[i] = 1;
  }
  return mask;
}

const flatSize = [40, 30];
const flatA = ellipsoid(flatSize, [18, 14], [12, 9]);
const flatB = ellipsoid(flatSize, [20, 16], [14, 8], { from: [2, 3], to: [5, 6] });
const solidSize = [24, 20, 12];
const solidA = ellipsoid(solidSize, [11, 9, 5], [8, 6, 4]);
const solidB = ellipsoid(solidSize, [10, 10, 6], [6, 7, 5], { from: [22, 0, 0], to: [24, 2, 1] });

describe('surface distances', () => {
  // scipy.ndimage: surface = m & ~binary_erosion(m), d = distance_transform_edt(~surface_of_the_other, sampling)[surface];
  // max of np.percentile(d, 95) of both directions; d.max() is also skimage.metrics.hausdorff_distance of the surfaces
  it.each([
    ['image', flatA, flatB, flatSize, [1, 1], 56, 72, 7.810249675906654, 9.219544457292887, 2.243465078995671],
    [
      'image, oblong pixels',
      flatA,
      flatB,
      flatSize,
      [1.3, 0.7],
      56,
      72,
      7.192217033448726,
      8.579627031520658,
      1.9306760581860316,
    ],
    [
      'volume',
      solidA,
      solidB,
      solidSize,
      [0.9, 0.8, 2.5],
      330,
      350,
      4.114984423121623,
      10.27861858422619,
      1.2983457217946435,
    ],
  ])('%s', (_, a, b, size, spacing, countA, countB, percentile, largest, average) => {
    const distances = surfaceDistances(a, b, { size, spacing });
    expect([distances.forward.length, distances.backward.length]).toEqual([countA, countB]);
    expect(hausdorffDistance(distances)).toBeCloseTo(percentile, 10);
    expect(hd95(b, a, { size, spacing })).toBeCloseTo(percentile, 10);
    expect(hausdorffDistance(distances, 100)).toBeCloseTo(largest, 10);
    expect(averageSurfaceDistance(distances)).toBeCloseTo(average, 10);
  });

  it('surface Dice at tolerances', () => {
    // numpy: ((d_ab <= t).sum() + (d_ba <= t).sum()) / (len(d_ab) + len(d_ba))
    const flat = surfaceDistances(flatA, flatB, { size: flatSize });
    expect(surfaceDice(flat, 1)).toBeCloseTo(0.40625, 12);
    expect(surfaceDice(flat, 2)).toBeCloseTo(0.546875, 12);
    const solid = surfaceDistances(solidA, solidB, { size: solidSize, spacing: [0.9, 0.8, 2.5] });
    expect(surfaceDice(solid, 1)).toBeCloseTo(0.5573529411764706, 12);
    expect(surfaceDice(solid, 2.5)).toBeCloseTo(0.8264705882352941, 12);
  });

  it('answers for empty masks', () => {
    const grid = { size: [2, 2] };
    const none = surfaceDistances([0, 0, 0, 0], [0, 0, 0, 0], grid);
    expect([hausdorffDistance(none), surfaceDice(none, 1), averageSurfaceDistance(none)]).toEqual(
      Array(3).fill(Number.NaN),
    );
    const one = surfaceDistances([1, 0, 0, 0], [0, 0, 0, 0], grid);
    expect(hausdorffDistance(one)).toBe(Number.POSITIVE_INFINITY);
    expect(averageSurfaceDistance(one)).toBe(Number.POSITIVE_INFINITY);
    expect(surfaceDice(one, 1)).toBe(0);
  });

  it('refuses a grid of another size', () => {
    expect(() => hd95([1, 0], [1, 0], { size: [3, 3] })).toThrow(ShapeError);
    expect(() => hd95([1, 0], [1], { size: [2, 1] })).toThrow(ShapeError);
  });

  it('refuses spacings that are too few or no lengths', () => {
    const mask = new Uint8Array(8).fill(1);
    for (const spacing of [
      [0.7, 0.7],
      [0.7, 0.7, 0],
      [0.7, Number.NaN, 5],
      [1, -1, 1],
    ]) {
      expect(() => hd95(mask, mask, { size: [2, 2, 2], spacing })).toThrow(
        'spacings of 2 x 2 x 2 must be as many positive',
      );
    }
  });

  it('are those of trying every pair of surface voxels', () => {
    const masks = fc.array(fc.constantFrom(0, 0, 1), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(masks, masks, fc.double({ min: 0.2, max: 3, noNaN: true }), (a, b, dz) => {
        const spacing = [1, 0.5, dz];
        const { forward, backward } = surfaceDistances(a, b, { size: [5, 4, 3], spacing });
        const swapped = surfaceDistances(b, a, { size: [5, 4, 3], spacing });
        expect(swapped).toEqual({ forward: backward, backward: forward });
        // With 3 slices of 5 x 4 only (x, y, 1) with x in 1..3, y in 1..2 can lie inside; take all marked voxels whose
        // six neighbours are not all marked.
        const at = (i: number): Point => [i % 5, Math.floor(i / 5) % 4, Math.floor(i / 20)];
        const surface = (mask: number[]): number[] =>
          [...mask.keys()].filter((i) => {
            const [x, y, z] = at(i) as [number, number, number];
            const inner = x > 0 && x < 4 && y > 0 && y < 3 && z > 0 && z < 2;
            return (
              mask[i] === 1 && !(inner && [1, 5, 20].every((step) => mask[i - step] === 1 && mask[i + step] === 1))
            );
          });
        const nearest = surface(a).map((i) =>
          Math.min(...surface(b).map((j) => Math.hypot(...at(i).map((value, k) => (value - at(j)[k]!) * spacing[k]!)))),
        );
        expect(forward.length).toBe(nearest.length);
        nearest.forEach((distance, k) => {
          expect(forward[k]).toBeCloseTo(distance, 10);
        });
      }),
    );
  });
});
