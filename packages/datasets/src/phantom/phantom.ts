import { ConfigError, createRandom, InputError, type Random } from '@fsmr/core';
import { gaussianFilter } from '@fsmr/imaging';
import type { Dataset, Scan } from '../types.js';
import { drawOutline, type PhantomRater, phantomRaters } from './raters.js';
import { body, distractor, organs, type Shape, shapeMask, varied } from './shapes.js';

/** What a phantom is made of. */
export interface PhantomOptions {
  readonly seed: number | string;
  readonly scans: number;
  /** Side of the square images in pixels, at least 32. */
  readonly size: number;
  /** The simulated raters: so many of {@link phantomRaters}, or your own; all four when absent. */
  readonly raters?: number | readonly PhantomRater[];
  /** Slices a scan; 1 when absent. */
  readonly slices?: number;
  /** How many of the three organs are classes, 1 to 3; all when absent. The others are still in the image. */
  readonly classes?: number;
  /** Grey value of the first organ against its surroundings, where noise has a standard deviation of 18; 40 when absent. */
  readonly contrast?: number;
}

const tissue = 100;
const noise = 18;

/**
 * A data set without patients: slices through a body with a liver, a kidney and a pancreas, in grey values from 0 to
 * 255 with texture, noise, a slope of brightness and structures that are no organ, outlined by raters of known style.
 * A scan is made when it is read and depends on seed and position alone.
 *
 * @throws ConfigError for counts that make no data set.
 */
export function phantomDataset(options: PhantomOptions): Dataset {
  const { seed, scans, size, slices = 1, classes = organs.length, contrast = 40 } = options;
  for (const [what, value, low] of [
    ['scans', scans, 1],
    ['size', size, 32],
    ['slices', slices, 1],
    ['classes', classes, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < low) throw new ConfigError(`${what} must be an integer from ${low} on.`);
  }
  if (classes > organs.length) throw new ConfigError(`a phantom has at most ${organs.length} classes.`);
  const raters = typeof options.raters === 'object' ? options.raters : phantomRaters.slice(0, options.raters);
  if (raters.length === 0 || (typeof options.raters === 'number' && raters.length !== options.raters)) {
    throw new ConfigError(`a phantom has 1 to ${phantomRaters.length} raters; give your own list for others.`);
  }
  const names = raters.map(({ name }) => name);
  const ids = Array.from({ length: scans }, (_unused, index) => `phantom${String(index).padStart(4, '0')}`);
  const random = createRandom(seed).fork('phantom');
  return {
    name: 'phantom',
    raters: names,
    classes: organs.slice(0, classes).map(({ name }, index) => ({ id: index + 1, name })),
    modality: 'other',
    scans: ids.map((id) => ({
      id,
      raters: names,
      classes: organs.slice(0, classes).map((_organ, index) => index + 1),
      slices,
    })),
    async read(id) {
      const index = ids.indexOf(id);
      if (index < 0) throw new InputError(`there is no scan ${id} in this phantom.`);
      return makeScan(id, random.fork(index), { size, slices, classes, contrast, raters });
    },
  };
}

interface Recipe {
  readonly size: number;
  readonly slices: number;
  readonly classes: number;
  readonly contrast: number;
  readonly raters: readonly PhantomRater[];
}

function makeScan(id: string, random: Random, recipe: Recipe): Scan {
  const { size, slices, classes, raters } = recipe;
  const area = size * size;
  const image = new Float32Array(slices * area);
  const labels = Object.fromEntries(raters.map(({ name }) => [name, new Uint8Array(slices * area)]));
  const scene = makeScene(random);
  for (let z = 0; z < slices; z++) {
    const depth = (z + 0.5) / slices;
    image.set(paintSlice(scene, depth, random.fork(`slice ${z}`), recipe), z * area);
    scene.organs.slice(0, classes).forEach((shape, index) => {
      const truth = shapeMask(shape, size, depth);
      for (const { name, style } of raters) {
        const drawn = drawOutline(truth, style).data;
        const target = labels[name]!.subarray(z * area, (z + 1) * area);
        for (let i = 0; i < area; i++) if (drawn[i] === 1) target[i] = index + 1;
      }
    });
  }
  return { id, size: [slices, size, size], image, labels, spacing: [5, 256 / size, 256 / size] };
}

interface Scene {
  readonly body: Shape;
  readonly organs: readonly Shape[];
  readonly distractors: readonly { readonly shape: Shape; readonly brightness: number }[];
  readonly gain: number;
  /** Brightness from side to side and from top to bottom. */
  readonly slope: readonly [number, number];
}

function makeScene(random: Random): Scene {
  return {
    body: varied(body, random),
    organs: organs.map(({ shape }) => varied(shape, random)),
    distractors: Array.from({ length: 4 }, () => ({
      shape: distractor(random),
      brightness: random.pick([-1.2, 1, 1.6]),
    })),
    gain: random.uniform(0.85, 1.15),
    slope: [random.uniform(-15, 15), random.uniform(-15, 15)],
  };
}

function paintSlice(scene: Scene, depth: number, random: Random, { size, contrast }: Recipe): Float32Array {
  const image = new Float32Array(size * size);
  const paint = (shape: Shape, level: number, texture: Float64Array): void => {
    const { data } = shapeMask(shape, size, depth);
    for (let i = 0; i < data.length; i++) if (data[i] === 1) image[i] = level + 12 * texture[i]!;
  };
  paint(scene.body, tissue, grain(random, size, 0.05));
  for (const { shape, brightness } of scene.distractors) {
    paint(shape, tissue + brightness * contrast, grain(random, size, 0.008));
  }
  organs.forEach((organ, index) => {
    paint(scene.organs[index]!, tissue + organ.brightness * contrast, grain(random, size, organ.grain));
  });
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const slope = scene.slope[0] * (x / size - 0.5) + scene.slope[1] * (y / size - 0.5);
      const inside = image[i]! > 0 ? image[i]! + slope : 0;
      image[i] = Math.min(255, Math.max(0, scene.gain * inside + noise * random.normal()));
    }
  }
  return image;
}

/** Noise of unit variance with a correlation length, a fraction of the side. */
function grain(random: Random, size: number, length: number): Float64Array {
  const sigma = Math.max(0.5, length * size);
  const white = new Float64Array(size * size).map(() => random.normal());
  const field = gaussianFilter(white, [size, size, 1], [sigma, sigma, 0]);
  const deviation = Math.sqrt(field.reduce((sum, value) => sum + value * value, 0) / field.length) || 1;
  return field.map((value) => value / deviation);
}
