import { createVolume, imageSlice, type Vector3 } from '@fsmr/imaging';
import { loadOracle, oracleCases, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { foregroundMask } from './foreground.js';
import { felzenszwalb3d, supervoxels } from './supervoxels.js';

const title = sharedFolder === undefined ? 'supervoxel oracles (skipped: shared folder absent)' : 'supervoxel oracles';

function differing(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let count = Math.abs(actual.length - expected.length);
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) count++;
  return count;
}

const reversed = (values: readonly number[]): Vector3 => [values[2]!, values[1]!, values[0]!];

describe.skipIf(sharedFolder === undefined)(title, () => {
  it('finds its cases in the shared folder', () => {
    expect(oracleCases('supervoxel3d').length).toBeGreaterThan(0);
  });
  for (const name of oracleCases('supervoxel3d')) {
    const oracle = loadOracle(name);
    const { shape, data } = oracle.array('volume');
    const size = reversed(shape);
    const spacing = reversed(oracle.constants.spacing as number[]);
    const volume = createVolume(Float32Array.from(data), size, { spacing });

    it(`${name}: minimum size 300, label for label`, () => {
      const regions = felzenszwalb3d(volume, { minimumSize: 300 });
      expect(differing(regions.data, oracle.array('labels_min300').data)).toBe(0);
      expect(regions.count).toBe(oracle.constants.min300_nseg);
    });

    it(`${name}: minimum size 1000, sizes and a slice`, () => {
      const regions = felzenszwalb3d(volume, { minimumSize: 1000 });
      expect(regions.count).toBe(oracle.constants.min1000_nseg);
      const sizes = new Int32Array(regions.count);
      for (const region of regions.data) sizes[region]!++;
      expect(sizes).toEqual(oracle.array('sizes_min1000').data);
      const area = size[0] * size[1];
      expect(differing(regions.data.subarray(12 * area, 13 * area), oracle.array('labels_min1000_z12').data)).toBe(0);
    });

    it(`${name}: smoothed by 0.8 with the published spacing (2, 1, 1)`, () => {
      const small = oracle.array('small_sigma08_labels');
      const [nx, ny, nz] = reversed(small.shape);
      const part = new Float32Array(nx * ny * nz);
      for (let z = 0, i = 0; z < nz; z++) {
        for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++, i++) part[i] = data[x + size[0] * (y + size[1] * z)]!;
      }
      const cut = { data: part, size: [nx, ny, nz] as Vector3, spacing: [1, 1, 2] as Vector3 };
      expect(differing(felzenszwalb3d(cut, { sigma: 0.8, minimumSize: 30 }).data, small.data)).toBe(0);
    });

    it(`${name}: body and numbers`, () => {
      const packed = oracle.array('fgmask_packed').data;
      const mask = Uint8Array.from({ length: data.length }, (_, i) => (packed[i >> 3]! >> (7 - (i & 7))) & 1);
      const area = size[0] * size[1];
      for (let z = 0; z < size[2]; z++) {
        const body = foregroundMask(imageSlice(volume, z), oracle.constants.fg_thresh as number);
        expect(differing(body.data, mask.subarray(z * area, (z + 1) * area))).toBe(0);
      }
      const raw = oracle.array('labels_min300').data;
      const count = oracle.constants.min300_nseg as number;
      const expected = Int32Array.from(raw, (label, i) => (mask[i] === 0 ? 0 : label === 0 ? count : label));
      expect(differing(supervoxels(volume, { minimumSize: 300 }).data, expected)).toBe(0);
    });
  }
});
