import type { Volume } from './volume.js';

/** Weights of the four voxels around a position, by its fraction. Keys 1981, a = -0.5. */
function weights(t: number): [number, number, number, number] {
  return [
    ((-0.5 * t + 1) * t - 0.5) * t,
    (1.5 * t - 2.5) * t * t + 1,
    ((-1.5 * t + 2) * t + 0.5) * t,
    (0.5 * t - 0.5) * t * t,
  ];
}

/** The value of a scan at a fractional index by Catmull-Rom interpolation, the edge repeated outside. */
export function sampleCubic(source: Volume, x: number, y: number, z: number): number {
  const [sx, sy, sz] = source.size;
  const [fx, fy, fz] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const wx = weights(x - fx);
  const wy = weights(y - fy);
  const wz = weights(z - fz);
  const clamp = (index: number, extent: number): number => Math.min(extent - 1, Math.max(0, index));
  let sum = 0;
  for (let k = 0; k < 4; k++) {
    const plane = sy * clamp(fz - 1 + k, sz);
    for (let j = 0; j < 4; j++) {
      const row = sx * (plane + clamp(fy - 1 + j, sy));
      const w = wz[k]! * wy[j]!;
      for (let i = 0; i < 4; i++) sum += w * wx[i]! * source.data[row + clamp(fx - 1 + i, sx)]!;
    }
  }
  return sum;
}
