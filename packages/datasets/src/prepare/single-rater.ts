import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { centreCrop, type Grid, gridWithSpacing, type LabelVolume, type Vector3, type Volume } from '@fsmr/imaging';
import { foregroundThresholds } from '@fsmr/pseudo-labels';
import { listFolder } from '../folder/find-cases.js';
import { publishedTables } from '../tables.js';
import { clipTop, ctWindow, windowAndStretch } from './intensity.js';
import { readOnOneGrid } from './raw.js';
import type { PreparationRecord, StepRecord } from './record.js';
import { cutAndSample, innerBox, preparedSide } from './region.js';
import { type PrepareControl, type RawCase, runPreparation } from './run.js';
import { publishedSuperpixels } from './superpixels.js';

/** Data sets with one rater. */
export type SingleRaterSet = 'SABS' | 'CHAOST2' | 'CMR';

type Volumes = { image: Volume; labels: Map<number, LabelVolume> };

interface Recipe {
  /** Folder and file names of images and labels, with the number as the one group. */
  readonly images: { readonly folder: string; readonly name: RegExp };
  readonly labels: { readonly folder: string; readonly name: RegExp };
  readonly steps: readonly StepRecord[];
  readonly threshold: number;
  prepare(volumes: Volumes, file: string): Volumes;
}

const paired = {
  images: { folder: '', name: /^image_(\d+)\.nii(?:\.gz)?$/ },
  labels: { folder: '', name: /^label_(\d+)\.nii(?:\.gz)?$/ },
} as const;

function sampleAndCentre(volumes: Volumes, spacing: Vector3): Volumes {
  const sampled = cutAndSample(volumes, undefined, clipTop, (grid: Grid) => gridWithSpacing(grid, spacing));
  const least = sampled.image.data.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  return {
    image: centreCrop(sampled.image, preparedSide, preparedSide, least),
    labels: new Map([...sampled.labels].map(([id, map]) => [id, centreCrop(map, preparedSide, preparedSide)])),
  };
}

function mrRecipe(spacing: Vector3, threshold: number, values?: Readonly<Record<number, number>>): Recipe {
  return {
    ...paired,
    threshold,
    steps: [
      { step: 'clip', percentile: 99.5 },
      ...(values === undefined ? [] : [{ step: 'labels', values }]),
      { step: 'resample', spacing, rounding: 'floor-plus-one', labels: 'per-label' },
      { step: 'centre', side: preparedSide },
    ],
    prepare: ({ image, labels }, file) => {
      const named = new Map(
        [...labels].map(([id, map]) => [id, values === undefined ? map : renamed(map, values, file)]),
      );
      return sampleAndCentre({ image, labels: named }, spacing);
    },
  };
}

function renamed(map: LabelVolume, values: Readonly<Record<number, number>>, file: string): LabelVolume {
  const data = new Uint8Array(map.data.length);
  for (let i = 0; i < data.length; i++) {
    const id = values[map.data[i]!];
    if (id === undefined) {
      throw new InputError(`the labels hold ${map.data[i]}, known are ${Object.keys(values).join(', ')}.`, { file });
    }
    data[i] = id;
  }
  return { ...map, data };
}

const border = 32;
const factor = 448 / preparedSide;

const recipes: Record<SingleRaterSet, Recipe> = {
  SABS: {
    images: { folder: 'img', name: /^img(\d+)\.nii(?:\.gz)?$/ },
    labels: { folder: 'label', name: /^label(\d+)\.nii(?:\.gz)?$/ },
    threshold: foregroundThresholds.ct,
    steps: [
      { step: 'window', low: ctWindow[0], high: ctWindow[1], to: 'least and greatest of the volume to 0 and 255' },
      { step: 'crop', border, slices: 'all' },
      { step: 'resample', factor, rounding: 'floor-plus-one', labels: 'per-label' },
    ],
    prepare: ({ image, labels }, file) => {
      // The stretch looks at the whole volume, so it comes before the crop.
      const stretched = windowAndStretch(image);
      const region = innerBox(image, border, [0, image.size[2] - 1], file);
      return cutAndSample(
        { image: stretched, labels },
        region,
        (same) => same,
        (grid) => gridWithSpacing(grid, [grid.spacing[0] * factor, grid.spacing[1] * factor, grid.spacing[2]]),
      );
    },
  },
  CHAOST2: mrRecipe([1.25, 1.25, 7.7], foregroundThresholds.chaost2),
  // The published notebooks give CMR supervoxels alone; the body is found as in the other MR set of that scale.
  CMR: mrRecipe([1.25, 1.25, 7.99], foregroundThresholds.ct, { 0: 0, 200: 1, 500: 2, 600: 3 }),
};

/**
 * Prepares a data set with one rater (datasets section 8.4) in the layout the multi-rater sets have, its rater as 1.
 *
 * Raw layouts, NIfTI: SABS `img/img0001.nii.gz` and `label/label0001.nii.gz`; CHAOST2 and CMR `image_{k}.nii.gz` and
 * `label_{k}.nii.gz`, where CHAOS T2 has been read from DICOM and its labels are 0 to 4 already.
 *
 * @throws InputError for a missing folder, an image without labels, or unknown labels.
 */
export async function prepareSingleRater(
  set: SingleRaterSet,
  folder: string,
  out: string,
  control: PrepareControl = {},
): Promise<PreparationRecord> {
  const recipe = recipes[set];
  const { modality, names } = publishedTables[set];
  return runPreparation({
    ...control,
    name: set.toLowerCase(),
    modality,
    names,
    raw: folder,
    out,
    cases: await pairsOf(folder, recipe),
    steps: recipe.steps,
    superpixelStep: { ...publishedSuperpixels, foregroundThreshold: recipe.threshold },
    async prepare(raw) {
      const { image, labels, warnings } = await readOnOneGrid(folder, raw);
      return { ...recipe.prepare({ image, labels }, join(folder, raw.image)), warnings };
    },
  });
}

async function numbered(folder: string, { folder: inner, name }: Recipe['images']): Promise<Map<number, string>> {
  const files = await listFolder(join(folder, inner));
  return new Map(
    files.flatMap((file) => {
      const match = name.exec(file.name);
      return match === null ? [] : [[Number(match[1]), join(inner, file.name)] as const];
    }),
  );
}

async function pairsOf(folder: string, { images, labels }: Recipe): Promise<RawCase[]> {
  if (!existsSync(join(folder, images.folder))) {
    throw new InputError('there is no such folder.', { file: join(folder, images.folder), remedy: 'Check the path.' });
  }
  const masks = await numbered(folder, labels);
  return [...(await numbered(folder, images))]
    .sort(([a], [b]) => a - b)
    .map(([number, image]) => {
      const mask = masks.get(number);
      if (mask === undefined) {
        throw new InputError('this image has no labels.', {
          file: join(folder, image),
          remedy: 'Add them, or move it away.',
        });
      }
      return { number, source: image, image, masks: new Map([[1, mask]]), warnings: [] };
    });
}
