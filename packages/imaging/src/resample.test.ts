import { createRandom } from '@fsmr/core/random';
import { describe, expect, it } from 'vitest';
import { box, centreCrop, crop, pad, stackLabelSlices, stackSlices } from './crop.js';
import { indexToWorld, type Vector3, worldToIndex } from './geometry.js';
import { orientationOf, reorient } from './reorient.js';
import { resample, resampleLabels } from './resample.js';
import { gridWithSpacing } from './sampling.js';
import { createLabelVolume, createVolume, gridOf, imageSlice, labelSlice, maskSlice } from './volume.js';

const ramp = createVolume(
  Float32Array.from({ length: 60 }, (_, i) => (i % 5) + 10 * (Math.floor(i / 5) % 4) + 100 * Math.floor(i / 20)),
  [5, 4, 3],
  { spacing: [1, 2, 4], origin: [10, 20, 30], direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] },
);
const at = (volume: typeof ramp, [x, y, z]: Vector3): number =>
  volume.data[x + volume.size[0] * (y + volume.size[1] * z)]!;

describe('resampling', () => {
  it('places voxel i at i * new / old, clamps the last half voxel and leaves 0 beyond', () => {
    const grid = gridWithSpacing(gridOf(ramp), [1.25, 3, 4]);
    expect(grid.size).toEqual([5, 3, 4]);
    const result = resample(ramp, grid);
    // x = 0, 1.25, 2.5, 3.75, 5 (outside [-0.5, 4.5)); y = 0, 1.5, 3.
    expect([0, 1, 2, 3, 4].map((x) => at(result, [x, 0, 0]))).toEqual([0, 1.25, 2.5, 3.75, 0]);
    expect(at(result, [1, 1, 1])).toBe(1.25 + 15 + 100);
    expect(at(result, [2, 2, 2])).toBe(2.5 + 30 + 200);
    expect(at(result, [0, 0, 3])).toBe(0);
    const clamped = resample(ramp, { ...grid, spacing: [1.1, 2, 4], size: [5, 4, 3] });
    expect(at(clamped, [4, 0, 0])).toBe(4);
    expect(at(resample(ramp, grid, { outside: -7 }), [4, 0, 0])).toBe(-7);
  });
  it('rounds the size as each data set does', () => {
    const grid = { ...gridOf(ramp), size: [512, 512, 99] as Vector3, spacing: [0.7, 0.7, 1] as Vector3 };
    const target: Vector3 = [(0.7 * 512) / 256, (0.7 * 512) / 256, 3];
    expect(gridWithSpacing(grid, target).size).toEqual([257, 257, 34]);
    expect(gridWithSpacing(grid, target, 'round').size).toEqual([256, 256, 33]);
    // Halves go to the even number, as in numpy: 2.5 and 3.5.
    const halves = gridWithSpacing({ ...grid, size: [5, 7, 1], spacing: [1, 1, 1] }, [2, 2, 1], 'round');
    expect(halves.size).toEqual([2, 4, 1]);
  });
  it('gives the same on a turned copy, by every rule', () => {
    const turned = reorient(ramp, 'SLA');
    for (const interpolation of ['linear', 'nearest', 'cubic'] as const) {
      const back = resample(turned, gridOf(ramp), { interpolation });
      back.data.forEach((value, i) => {
        expect(value).toBeCloseTo(ramp.data[i]!, 4);
      });
    }
  });
  it('interpolates a ramp exactly by the cubic rule too, away from the border', () => {
    const grid = { ...gridOf(ramp), size: [1, 1, 1] as Vector3, origin: indexToWorld(ramp, [2.25, 1.5, 1]) };
    expect(resample(ramp, grid, { interpolation: 'cubic' }).data[0]).toBeCloseTo(2.25 + 15 + 100, 4);
    expect(resample(ramp, grid, { interpolation: 'nearest' }).data[0]).toBe(2 + 20 + 100);
  });
});

describe('labels', () => {
  it('never get a new value', () => {
    const random = createRandom(3);
    const labels = createLabelVolume(
      Uint8Array.from({ length: 6 * 5 * 4 }, () => random.pick([0, 3, 7])),
      [6, 5, 4],
    );
    const grid = gridWithSpacing(labels, [0.8, 1.3, 0.9]);
    for (const interpolation of ['nearest', 'per-label'] as const) {
      const result = resampleLabels(labels, grid, { interpolation });
      expect([...new Set(result.data)].every((value) => [0, 3, 7].includes(value))).toBe(true);
    }
  });
  it('per label agree with rounding each indicator, one half to 0', () => {
    const random = createRandom(5);
    const labels = createLabelVolume(
      Uint8Array.from({ length: 7 * 6 * 5 }, () => random.pick([0, 1, 2])),
      [7, 6, 5],
    );
    const grid = gridWithSpacing(labels, [0.5, 1.5, 0.7]);
    const expected = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
    for (const value of [1, 2]) {
      const indicator = createVolume(
        Float32Array.from(labels.data, (l) => (l === value ? 1 : 0)),
        labels.size,
      );
      resample(indicator, grid).data.forEach((share, i) => {
        if (share > 0.5) expected[i] = value;
      });
    }
    expect(resampleLabels(labels, grid, { interpolation: 'per-label' }).data).toEqual(expected);
  });
});

describe('cutting and turning', () => {
  it('keeps every voxel at its place in the world', () => {
    const part = box(ramp, [-1, 1, 1], [4, 2, 3], 9);
    for (const index of [
      [1, 0, 0],
      [3, 1, 1],
    ] as Vector3[]) {
      const source = worldToIndex(ramp, indexToWorld(part, index)).map(Math.round) as unknown as Vector3;
      expect(at(part, index)).toBe(at(ramp, source));
    }
    expect(at(part, [0, 0, 0])).toBe(9);
    expect(at(part, [1, 0, 2])).toBe(9);
    expect(crop(pad(ramp, [1, 2, 3], [0, 1, 0], 5), [1, 2, 3], ramp.size)).toEqual(ramp);
    expect(() => crop(ramp, [0, 0, 0], [6, 1, 1])).toThrow(/leaves the volume/);
  });
  it('cuts the middle of each slice', () => {
    expect(centreCrop(ramp, 3, 4).origin).toEqual(indexToWorld(ramp, [1, 0, 0]));
    expect(centreCrop(ramp, 8, 8).size).toEqual([8, 8, 3]);
  });
  it('turns to any orientation and back', () => {
    expect(orientationOf(ramp)).toBe('LAS');
    for (const orientation of ['RAS', 'LPS', 'SRA', 'IPL', 'ASL']) {
      const turned = reorient(ramp, orientation);
      expect(orientationOf(turned)).toBe(orientation);
      expect(reorient(turned, 'LAS')).toEqual(ramp);
      const source = worldToIndex(ramp, indexToWorld(turned, [0, 0, 0])).map(Math.round) as unknown as Vector3;
      expect(turned.data[0]).toBe(at(ramp, source));
    }
    expect(() => reorient(ramp, 'RRS')).toThrow(/no orientation/);
  });
  it('takes slices out and stacks them again', () => {
    const slices = [0, 1, 2].map((z) => imageSlice(ramp, z));
    expect(stackSlices(slices, ramp)).toEqual(ramp);
    expect(() => imageSlice(ramp, 3)).toThrow(/slices 0 to 2/);
    const labels = createLabelVolume(Uint8Array.of(0, 1, 2, 1), [2, 1, 2]);
    expect([...stackLabelSlices([labelSlice(labels, 0), labelSlice(labels, 1)]).data]).toEqual([0, 1, 2, 1]);
    expect([...maskSlice(labels, 1, 1).data]).toEqual([0, 1]);
  });
});
