import { describe, expect, it } from 'vitest';
import { assertSameGeometry, checkGrid, type Grid, identityDirection, invert } from './geometry.js';

const grid: Grid = {
  size: [256, 256, 30],
  spacing: [1.25, 1.25, 7.7],
  origin: [1, 2, 3],
  direction: identityDirection,
};
const party = { file: 'case/annotation_2.nii.gz', rater: '2', reference: 'case/image.nii.gz' };

describe('geometry', () => {
  it('is the same within a hundredth of a millimetre at every corner', () => {
    // A tenth of a voxel is what headers in single precision may differ by.
    expect(() => assertSameGeometry(grid, { ...grid, origin: [1.12, 2, 3] })).not.toThrow();
    expect(() => assertSameGeometry(grid, { ...grid, origin: [1.13, 2, 3] })).toThrow(/origin is/);
    expect(() => assertSameGeometry(grid, { ...grid, origin: [1.12, 2, 3] }, {}, 0.01)).toThrow(/origin is/);
    expect(() => assertSameGeometry(grid, { ...grid, spacing: [1.25, 1.25, 7.7001] })).not.toThrow();
  });
  it('names file, rater, what was expected and what was found', () => {
    expect(() => assertSameGeometry(grid, { ...grid, size: [256, 256, 29] }, party)).toThrow(
      'case/annotation_2.nii.gz, rater 2: size is [256, 256, 29], but case/image.nii.gz has [256, 256, 30].',
    );
    expect(() => assertSameGeometry(grid, { ...grid, origin: [1, 2, 13] }, party)).toThrow(/origin is \[1, 2, 13\]/);
    expect(() => assertSameGeometry(grid, { ...grid, spacing: [1.25, 1.3, 7.7] }, party)).toThrow(/spacing is/);
    expect(() => assertSameGeometry(grid, { ...grid, direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] })).toThrow(
      /direction is .* but the image has/,
    );
  });
  it('refuses grids that make no volume', () => {
    expect(() => checkGrid({ ...grid, size: [0, 1, 1] }, { file: 'a.nii', rater: 'r1' })).toThrow(
      /a\.nii, rater r1: sizes must be positive/,
    );
    expect(() => checkGrid({ ...grid, spacing: [1, Number.NaN, 1] })).toThrow(/spacings must be positive/);
    expect(() => checkGrid({ ...grid, direction: [1, 0, 0, 1, 0, 0, 0, 0, 1] })).toThrow(/origin or direction/);
    expect(() => invert([1, 2, 3, 2, 4, 6, 0, 0, 1])).toThrow(/singular/);
  });
});
