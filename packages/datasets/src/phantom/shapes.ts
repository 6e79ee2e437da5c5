import type { Random } from '@fsmr/core';
import type { Mask2D } from '@fsmr/imaging';

/** A closed outline around a centre; lengths are fractions of the image's side. */
export interface Shape {
  readonly x: number;
  readonly y: number;
  /** Half axes before the waves. */
  readonly rx: number;
  readonly ry: number;
  /** Turn of the half axes, radians. */
  readonly angle: number;
  /** Waves of the outline: amplitude as a fraction of the radius, and phase, of 2, 3, 4, ... lobes. */
  readonly waves: readonly (readonly [amplitude: number, phase: number])[];
  /** Extent along z: centre and half length as fractions of the stack. */
  readonly z: number;
  readonly rz: number;
}

/** An organ as the generator knows it; scans vary around it. */
export interface Organ {
  readonly name: string;
  readonly shape: Shape;
  /** Mean grey value against the surrounding tissue, in units of the contrast. */
  readonly brightness: number;
  /** Correlation length of its texture, as a fraction of the side. */
  readonly grain: number;
}

const plain = { waves: [], z: 0.5, rz: 0.42 } as const;

/** The organs, largest first: ids 1, 2, 3. */
export const organs: readonly Organ[] = [
  { name: 'liver', shape: { ...plain, x: 0.34, y: 0.4, rx: 0.19, ry: 0.15, angle: -0.4 }, brightness: 1, grain: 0.03 },
  {
    name: 'kidney',
    shape: { ...plain, x: 0.71, y: 0.52, rx: 0.09, ry: 0.13, angle: 0.3 },
    brightness: 1.6,
    grain: 0.015,
  },
  {
    name: 'pancreas',
    shape: { ...plain, x: 0.44, y: 0.72, rx: 0.16, ry: 0.07, angle: 0.25 },
    brightness: -1.2,
    grain: 0.02,
  },
];

/** The outer outline, which holds everything else. */
export const body: Shape = { ...plain, x: 0.5, y: 0.52, rx: 0.45, ry: 0.4, angle: 0, rz: 2 };

/** A shape a little elsewhere, of another size and with waves of its own. */
export function varied(shape: Shape, random: Random): Shape {
  const scale = random.uniform(0.85, 1.15);
  return {
    x: shape.x + random.uniform(-0.03, 0.03),
    y: shape.y + random.uniform(-0.03, 0.03),
    rx: shape.rx * scale * random.uniform(0.92, 1.08),
    ry: shape.ry * scale * random.uniform(0.92, 1.08),
    angle: shape.angle + random.uniform(-0.3, 0.3),
    waves: [0.08, 0.07, 0.05].map((most) => [random.uniform(0, most), random.uniform(0, 2 * Math.PI)] as const),
    z: shape.z + random.uniform(-0.05, 0.05),
    rz: shape.rz * random.uniform(0.9, 1.1),
  };
}

/** A small round structure inside the body that is no organ. */
export function distractor(random: Random): Shape {
  const angle = random.uniform(0, 2 * Math.PI);
  const distance = random.uniform(0.26, 0.34);
  const radius = random.uniform(0.03, 0.055);
  return {
    x: 0.5 + distance * Math.cos(angle),
    y: 0.52 + 0.85 * distance * Math.sin(angle),
    rx: radius,
    ry: radius,
    angle: 0,
    waves: [],
    z: 0.5,
    rz: 2,
  };
}

/**
 * The pixels of one slice inside a shape.
 * @param depth where the slice lies in the stack, 0 to 1
 */
export function shapeMask(shape: Shape, size: number, depth: number): Mask2D {
  const data = new Uint8Array(size * size);
  const height = (depth - shape.z) / shape.rz;
  const shrink = Math.sqrt(Math.max(0, 1 - height * height));
  const [cos, sin] = [Math.cos(shape.angle), Math.sin(shape.angle)];
  if (shrink > 0) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const dx = (column + 0.5) / size - shape.x;
        const dy = (row + 0.5) / size - shape.y;
        const u = (cos * dx + sin * dy) / shape.rx;
        const v = (cos * dy - sin * dx) / shape.ry;
        const polar = Math.atan2(v, u);
        let edge = shrink;
        shape.waves.forEach(([amplitude, phase], wave) => {
          edge += shrink * amplitude * Math.cos((wave + 2) * polar + phase);
        });
        if (u * u + v * v <= edge * edge) data[row * size + column] = 1;
      }
    }
  }
  return { width: size, height: size, data };
}
