import { ShapeError } from '@fsmr/core/errors';
import { createRandom } from '@fsmr/core/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blurBytes } from './byte-blur.js';
import { components2d, labelComponents, largestComponent, largestComponent3d, pruneComponents } from './components.js';
import { distanceTransform, distanceTransform3d } from './distance.js';
import { gaussianFilter } from './gaussian.js';
import type { Vector3 } from './geometry.js';
import { fillHoles, fillHoles3d } from './holes.js';
import type { Mask2D } from './image.js';
import { ellipseKernel, halfKernel, squareKernel } from './kernels.js';
import { close, dilate, erode, open } from './morphology.js';

function drawing(...rows: string[]): Mask2D {
  const data = Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0));
  return { width: rows[0]!.length, height: rows.length, data };
}

function random3d(size: Vector3, seed: string, density: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: size[0] * size[1] * size[2] }, () => (random.chance(density) ? 1 : 0));
}

const masks = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: width * height, maxLength: width * height })
      .map((data): Mask2D => ({ width, height, data: Uint8Array.from(data) })),
  );

const inverted = (mask: Mask2D): Mask2D => ({ ...mask, data: mask.data.map((value) => 1 - value) });

describe('morphology', () => {
  it('has elliptic kernels of 1, 5, 17 and 33 pixels', () => {
    expect([0, 1, 2, 3].map((radius) => ellipseKernel(radius).dx.length)).toEqual([1, 5, 17, 33]);
    expect(halfKernel(2, 'left').dx.every((dx) => dx <= 0)).toBe(true);
    expect(halfKernel(2, 'down').dx).toHaveLength(15);
    expect(() => ellipseKernel(1.5)).toThrow(/radius must be an integer/);
  });
  it('erodes where dilation grows the background, for symmetric kernels', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 0, max: 4 }), fc.boolean(), (mask, radius, round) => {
        const kernel = round ? ellipseKernel(radius) : squareKernel(radius);
        expect(erode(mask, kernel)).toEqual(inverted(dilate(inverted(mask), kernel)));
      }),
    );
  });
  it('opens inside and closes outside, and both change nothing the second time', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: 3 }), (mask, radius) => {
        const kernel = ellipseKernel(radius);
        const [opened, closed] = [open(mask, kernel), close(mask, kernel)];
        mask.data.forEach((value, i) => {
          expect(opened.data[i]! <= value && value <= closed.data[i]!).toBe(true);
        });
        expect(open(opened, kernel)).toEqual(opened);
        expect(close(closed, kernel)).toEqual(closed);
      }),
    );
  });
});

it('every operation refuses data of another size, and kernels have four sides', () => {
  const wrong = { width: 8, height: 8, data: new Uint8Array(10) };
  for (const operation of [
    () => erode(wrong, squareKernel(1)),
    () => dilate(wrong, squareKernel(1)),
    () => fillHoles(wrong),
    () => fillHoles3d(wrong.data, [2, 2, 2]),
    () => distanceTransform3d(wrong.data, [2, 2, 2]),
    () => blurBytes(wrong, 3, 1),
    () => gaussianFilter(wrong.data, [2, 2, 2], [1, 1, 1]),
  ]) {
    expect(operation).toThrow(ShapeError);
  }
  expect(() => halfKernel(1, 'north' as never)).toThrow('no side "north"');
});

describe('components', () => {
  const mask = drawing('#.#.', '.#..', '...#', '##.#');
  it('numbers them in raster order, by 4 or 8 neighbours', () => {
    expect([...components2d(mask, 4).data]).toEqual([1, 0, 2, 0, 0, 3, 0, 0, 0, 0, 0, 4, 5, 5, 0, 4]);
    expect([...components2d(mask, 8).data]).toEqual([1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 2, 3, 3, 0, 2]);
    expect([...components2d(mask, 8).sizes]).toEqual([9, 3, 2, 2]);
  });
  it('finds the largest, the first among equals, and prunes small ones', () => {
    expect(largestComponent(drawing('##.##', '.....'), 4)).toEqual(drawing('##...', '.....'));
    expect(largestComponent(drawing('...', '...'))).toEqual(drawing('...', '...'));
    expect(pruneComponents(mask, 2, 4)).toEqual(drawing('....', '....', '...#', '##.#'));
  });
  it.each([6, 18, 26] as const)('agrees with a flood fill in space, %i neighbours', (connectivity) => {
    const size: Vector3 = [7, 6, 5];
    const data = random3d(size, `components ${connectivity}`, connectivity === 6 ? 0.4 : 0.2);
    const reach = { 6: 1, 18: 2, 26: 3 }[connectivity];
    const expected = new Int32Array(data.length);
    let count = 0;
    const flood = (x: number, y: number, z: number): void => {
      const i = x + 7 * (y + 6 * z);
      if (x < 0 || y < 0 || z < 0 || x >= 7 || y >= 6 || z >= 5 || data[i] === 0 || expected[i] !== 0) return;
      expected[i] = count;
      for (let dz = -1; dz <= 1; dz++)
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++)
            if (Math.abs(dx) + Math.abs(dy) + Math.abs(dz) <= reach) flood(x + dx, y + dy, z + dz);
    };
    for (let i = 0; i < data.length; i++) {
      if (data[i] === 0 || expected[i] !== 0) continue;
      count++;
      flood(i % 7, Math.floor(i / 7) % 6, Math.floor(i / 42));
    }
    const found = labelComponents(data, size, connectivity);
    expect(found.labels).toEqual(expected);
    expect(found.count).toBe(count);
    const largest = found.sizes.subarray(1).indexOf(Math.max(...found.sizes.subarray(1))) + 1;
    expect([...largestComponent3d(data, size, connectivity)]).toEqual(
      [...expected].map((l) => (l === largest ? 1 : 0)),
    );
  });
});

describe('holes', () => {
  it('are filled unless they reach the border by an edge', () => {
    const ring = drawing('.....', '.###.', '.#.#.', '.###.', '.....');
    expect(fillHoles(ring)).toEqual(drawing('.....', '.###.', '.###.', '.###.', '.....'));
    // A gap over the corner does not let the background in.
    expect(fillHoles(drawing('.##', '#.#', '###'))).toEqual(drawing('.##', '###', '###'));
    expect(fillHoles(drawing('#.#', '#.#'))).toEqual(drawing('#.#', '#.#'));
  });
  it('in space are closed in every direction', () => {
    const shell = Uint8Array.from({ length: 125 }, (_, i) => {
      const [x, y, z] = [i % 5, Math.floor(i / 5) % 5, Math.floor(i / 25)];
      return Math.max(Math.abs(x - 2), Math.abs(y - 2), Math.abs(z - 2)) === 1 ? 1 : 0;
    });
    const filled = fillHoles3d(shell, [5, 5, 5]);
    expect(filled.reduce((sum, value) => sum + value, 0)).toBe(27);
    shell[2 + 5 * (2 + 5 * 1)] = 0;
    expect(fillHoles3d(shell, [5, 5, 5])).toEqual(shell);
  });
});

describe('distance', () => {
  it('is the exact distance to the nearest voxel outside, at any spacing', () => {
    const size: Vector3 = [6, 5, 4];
    const spacing: Vector3 = [0.7, 1, 2.5];
    const data = random3d(size, 'distance', 0.8);
    const place = (i: number): Vector3 => [i % 6, Math.floor(i / 6) % 5, Math.floor(i / 30)];
    const found = distanceTransform3d(data, size, spacing);
    for (let i = 0; i < data.length; i++) {
      let nearest = data[i] === 0 ? 0 : Number.POSITIVE_INFINITY;
      for (let j = 0; j < data.length; j++) {
        if (data[j] !== 0) continue;
        nearest = Math.min(nearest, Math.hypot(...place(i).map((p, axis) => (p - place(j)[axis]!) * spacing[axis]!)));
      }
      expect(found[i]).toBeCloseTo(nearest, 10);
    }
  });
  it('is infinite where nothing is outside', () => {
    expect([...distanceTransform(drawing('##')).data]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([...distanceTransform(drawing('.###'), [2, 1]).data]).toEqual([0, 2, 4, 6]);
  });
});
