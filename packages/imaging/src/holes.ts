import { checkVoxelCount, type Vector3 } from './geometry.js';
import type { Mask2D } from './image.js';

/**
 * Fills the background regions of a 3D mask that do not touch the border of the array (6 neighbours; in one slice, 4).
 * Equal to scipy's `binary_fill_holes`.
 *
 * @param data not zero inside, size [x, y, z] with x fastest.
 * @returns a new 0/1 array.
 * @throws ShapeError where data and size disagree.
 */
export function fillHoles3d(data: ArrayLike<number>, size: Vector3): Uint8Array {
  checkVoxelCount(size, data.length);
  const [nx, ny, nz] = size;
  const area = nx * ny;
  // 2 marks background reached from the border.
  const state = new Uint8Array(data.length);
  for (let i = 0; i < state.length; i++) if (data[i] !== 0) state[i] = 1;
  let stack = new Int32Array(Math.max(1024, 2 * (nx + ny)));
  let top = 0;
  const push = (i: number): void => {
    if (state[i] !== 0) return;
    state[i] = 2;
    if (top === stack.length) {
      const grown = new Int32Array(stack.length * 2);
      grown.set(stack);
      stack = grown;
    }
    stack[top++] = i;
  };
  const drain = (): void => {
    while (top > 0) {
      const i = stack[--top]!;
      const x = i % nx;
      const y = ((i - x) / nx) % ny;
      if (x > 0) push(i - 1);
      if (x < nx - 1) push(i + 1);
      if (y > 0) push(i - nx);
      if (y < ny - 1) push(i + nx);
      if (i >= area) push(i - area);
      if (i < area * (nz - 1)) push(i + area);
    }
  };
  for (let z = 0; z < nz; z++) {
    const closed = nz > 1 && (z === 0 || z === nz - 1);
    for (let y = 0; y < ny; y++) {
      const row = z * area + y * nx;
      const step = closed || y === 0 || y === ny - 1 ? 1 : Math.max(1, nx - 1);
      for (let x = 0; x < nx; x += step) {
        push(row + x);
        drain();
      }
    }
  }
  for (let i = 0; i < state.length; i++) state[i] = state[i] === 2 ? 0 : 1;
  return state;
}

/** Fills the background regions of a mask that are not connected (4 neighbours) to the image's border. */
export function fillHoles(mask: Mask2D): Mask2D {
  const { width, height } = mask;
  return { width, height, data: fillHoles3d(mask.data, [width, height, 1]) };
}
