import { ConfigError } from '@fsmr/core/errors';
import { roundHalfEven } from './rounding.js';

/** A flat structuring element: the pixel offsets it covers, relative to its centre. */
export interface Kernel {
  readonly radius: number;
  readonly dx: readonly number[];
  readonly dy: readonly number[];
}

/** The sides a half kernel can cover. */
export type Side = 'left' | 'right' | 'up' | 'down';

function checkRadius(radius: number): void {
  if (!Number.isInteger(radius) || radius < 0 || radius > 1000) {
    throw new ConfigError(`a kernel's radius must be an integer from 0 to 1000, found ${radius}.`);
  }
}

function kernelOf(radius: number, covers: (dx: number, dy: number) => boolean): Kernel {
  checkRadius(radius);
  const dx: number[] = [];
  const dy: number[] = [];
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      if (covers(x, y)) {
        dx.push(x);
        dy.push(y);
      }
    }
  }
  return { radius, dx, dy };
}

/**
 * OpenCV's elliptic structuring element of size (2r+1) x (2r+1): row dy is filled up to
 * `round(r * sqrt((r² - dy²) / r²))` to both sides. Radius 1 is the plus sign.
 * @throws ConfigError where the radius is no integer from 0 to 1000.
 */
export function ellipseKernel(radius: number): Kernel {
  const inverse = radius === 0 ? 0 : 1 / (radius * radius);
  return kernelOf(
    radius,
    (dx, dy) => Math.abs(dx) <= roundHalfEven(radius * Math.sqrt((radius * radius - dy * dy) * inverse)),
  );
}

/** A square of size (2r+1) x (2r+1). @throws ConfigError where the radius is no integer from 0 to 1000. */
export function squareKernel(radius: number): Kernel {
  return kernelOf(radius, () => true);
}

/**
 * The half of a square on one side of its centre line, that line included.
 * @throws ConfigError where the radius is no integer from 0 to 1000, or for another side.
 */
export function halfKernel(radius: number, side: Side): Kernel {
  const covers: Record<Side, (dx: number, dy: number) => boolean> = {
    left: (dx) => dx <= 0,
    right: (dx) => dx >= 0,
    up: (_dx, dy) => dy <= 0,
    down: (_dx, dy) => dy >= 0,
  };
  const half = Object.hasOwn(covers, side) ? covers[side] : undefined;
  if (half === undefined) {
    throw new ConfigError(`a kernel has no side ${JSON.stringify(side)}.`, {
      remedy: 'Choose left, right, up or down.',
    });
  }
  return kernelOf(radius, half);
}
