import { ConfigError } from '@fsmr/core/errors';
import { type Grid, indexToWorld, type Matrix3, type Vector3 } from './geometry.js';
import type { AnyVolume } from './volume.js';

/** Which way the three voxel axes run, as three letters: R or L, A or P, S or I, in the order of the axes. */
export type Orientation = string;

const letters = ['RL', 'AP', 'SI'] as const;

/** For each voxel axis, the world axis it runs along most, and whether it runs against it. */
function worldAxes(direction: Matrix3): { axis: number; reversed: boolean }[] {
  // The assignment with the greatest sum, so that tilted volumes still use each world axis once.
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const score = (order: readonly number[]): number =>
    order.reduce((sum, world, voxel) => sum + Math.abs(direction[3 * world + voxel]!), 0);
  const best = orders.reduce((a, b) => (score(b) > score(a) ? b : a));
  return best.map((axis, voxel) => ({ axis, reversed: direction[3 * axis + voxel]! < 0 }));
}

/** The orientation of a grid, for instance `RAS`, or `LPS` as most CT scans lie. Tilted axes count by their main part. */
export function orientationOf(grid: Grid): Orientation {
  return worldAxes(grid.direction)
    .map(({ axis, reversed }) => letters[axis]![reversed ? 1 : 0])
    .join('');
}

function parse(orientation: Orientation): { axis: number; reversed: boolean }[] {
  const axes = [...orientation].map((letter) => {
    const axis = letters.findIndex((pair) => pair.includes(letter));
    return { axis, reversed: axis >= 0 && letters[axis]![1] === letter };
  });
  if (axes.length !== 3 || new Set(axes.map(({ axis }) => axis)).size !== 3 || axes.some(({ axis }) => axis < 0)) {
    throw new ConfigError(`${JSON.stringify(orientation)} is no orientation.`, {
      remedy: 'Name each direction once, for instance "RAS" or "LPS".',
    });
  }
  return axes;
}

/**
 * The same volume with its axes in another order or direction; nothing is interpolated and every voxel keeps its
 * place in the world.
 *
 * @param orientation the way the new axes run, for instance `RAS`.
 * @throws ConfigError where it is no orientation.
 */
export function reorient<V extends AnyVolume>(volume: V, orientation: Orientation): V {
  const now = worldAxes(volume.direction);
  const sources = parse(orientation).map((wanted) => {
    const axis = now.findIndex((voxel) => voxel.axis === wanted.axis);
    return { axis, flip: now[axis]!.reversed !== wanted.reversed };
  });
  if (sources.every(({ axis, flip }, i) => axis === i && !flip)) return volume;
  const strides = [1, volume.size[0], volume.size[0] * volume.size[1]];
  const size = sources.map(({ axis }) => volume.size[axis]!) as unknown as Vector3;
  const step = sources.map(({ axis, flip }) => (flip ? -strides[axis]! : strides[axis]!));
  const first: [number, number, number] = [0, 0, 0];
  for (const { axis, flip } of sources) if (flip) first[axis] = volume.size[axis]! - 1;
  const start = first[0] + first[1] * strides[1]! + first[2] * strides[2]!;
  const source = volume.data;
  const data = new (source.constructor as new (length: number) => typeof source)(source.length);
  for (let z = 0, i = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      let at = start + y * step[1]! + z * step[2]!;
      for (let x = 0; x < size[0]; x++, i++, at += step[0]!) data[i] = source[at]!;
    }
  }
  const direction = [0, 1, 2].flatMap((row) =>
    sources.map(({ axis, flip }) => volume.direction[3 * row + axis]! * (flip ? -1 : 1) || 0),
  ) as unknown as Matrix3;
  const spacing = sources.map(({ axis }) => volume.spacing[axis]!) as unknown as Vector3;
  return { ...volume, data, size, spacing, direction, origin: indexToWorld(volume, first) };
}
