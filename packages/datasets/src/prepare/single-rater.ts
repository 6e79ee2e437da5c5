import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { centreCrop, type Grid, gridWithSpacing, type LabelVolume, type Vector3, type Volume } from '@fsmr/imaging';
import { foregroundThresholds } from '@fsmr/pseudo-labels';
import { publishedTables } from '../tables.js';
import { chaosCases, readChaosCase } from './chaos.js';
import { clipTop, ctWindow, windowAndStretch } from './intensity.js';
import { type PairNames, pairedCases } from './pairs.js';
import { readOnOneGrid } from './raw.js';
import type { PreparationRecord, StepRecord } from './record.js';
import { cutAndSample, innerBox, preparedSide } from './region.js';
import { type PrepareControl, runPreparation } from './run.js';
import { publishedSuperpixels } from './superpixels.js';

/** Data sets with one rater. */
export type SingleRaterSet = 'SABS' | 'CHAOST2' | 'CMR';

type Volumes = { image: Volume; labels: Map<number, LabelVolume> };

interface Recipe {
  readonly names: PairNames;
  readonly steps: readonly StepRecord[];
  readonly threshold: number;
  /** @param files of the image and its labels, for errors */
  prepare(volumes: Volumes, files: { readonly image: string; readonly labels: string }): Volumes;
}

function sampleAndCentre(volumes: Volumes, spacing: Vector3): Volumes {
  const sampled = cutAndSample(volumes, undefined, clipTop, (grid: Grid) => gridWithSpacing(grid, spacing));
  const least = sampled.image.data.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  return {
    image: centreCrop(sampled.image, preparedSide, preparedSide, least),
    labels: new Map([...sampled.labels].map(([id, map]) => [id, centreCrop(map, preparedSide, preparedSide)])),
  };
}

function mrRecipe(
  names: PairNames,
  spacing: Vector3,
  threshold: number,
  values?: Readonly<Record<number, number>>,
): Recipe {
  return {
    names,
    threshold,
    steps: [
      { step: 'clip', percentile: 99.5 },
      ...(values === undefined ? [] : [{ step: 'labels', values }]),
      { step: 'resample', spacing, rounding: 'floor-plus-one', labels: 'per-label' },
      { step: 'centre', side: preparedSide },
    ],
    prepare: ({ image, labels }, files) => {
      const named = new Map(
        [...labels].map(([id, map]) => [id, values === undefined ? map : renamed(map, values, files.labels)]),
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
      throw new InputError(`the labels hold ${map.data[i]}, known are ${Object.keys(values).join(', ')}.`, {
        file,
        rater: '1',
        remedy: 'Check that this is the right data set, or get the file again.',
      });
    }
    data[i] = id;
  }
  return { ...map, data };
}

// Of slices of 512 x 512 a border of 32 leaves 448, and the factor 256.
const expectedSide = 512;
const border = 32;
const factor = (expectedSide - 2 * border) / preparedSide;

const recipes: Record<SingleRaterSet, Recipe> = {
  SABS: {
    names: {
      image: /^img(\d+)\.nii(?:\.gz)?$/,
      label: /^label(\d+)\.nii(?:\.gz)?$/,
      example: 'img0001.nii.gz and label0001.nii.gz',
    },
    threshold: foregroundThresholds.ct,
    steps: [
      { step: 'window', low: ctWindow[0], high: ctWindow[1], to: 'least and greatest of the volume to 0 and 255' },
      { step: 'crop', border, slices: 'all' },
      { step: 'resample', factor, rounding: 'floor-plus-one', labels: 'per-label' },
    ],
    prepare: ({ image, labels }, files) => {
      const [width, height] = image.size;
      if (Math.max(width, height) > expectedSide) {
        throw new InputError(`slices are ${width} x ${height}, border and factor are those of 512 x 512.`, {
          file: files.image,
          remedy:
            'Resample image and labels to 512 x 512 first, or give each case a folder and choose the kind "folder".',
        });
      }
      // The stretch looks at the whole volume, so it comes before the crop.
      const stretched = windowAndStretch(image);
      const region = innerBox(image, border, [0, image.size[2] - 1], files.image);
      return cutAndSample(
        { image: stretched, labels },
        region,
        (same) => same,
        (grid) => gridWithSpacing(grid, [grid.spacing[0] * factor, grid.spacing[1] * factor, grid.spacing[2]]),
      );
    },
  },
  CHAOST2: mrRecipe(
    {
      image: /^image_(\d+)\.nii(?:\.gz)?$/,
      label: /^label_(\d+)\.nii(?:\.gz)?$/,
      example: 'Train_Sets/MR/{id}/T2SPIR of the download, or image_1.nii.gz and label_1.nii.gz',
    },
    [1.25, 1.25, 7.7],
    foregroundThresholds.chaost2,
  ),
  // The published notebooks give CMR supervoxels alone; the body is found as in the other MR set of that scale.
  CMR: mrRecipe(
    {
      image: /^(?:image_|patient(?=\d+_C0\.))(\d+)(?:_C0)?\.nii(?:\.gz)?$/,
      label: /^(?:label_|patient(?=\d+_C0_manual\.))(\d+)(?:_C0_manual)?\.nii(?:\.gz)?$/,
      example: 'patient1_C0.nii.gz and patient1_C0_manual.nii.gz, or image_1.nii.gz and label_1.nii.gz',
    },
    [1.25, 1.25, 7.99],
    foregroundThresholds.ct,
    { 0: 0, 200: 1, 500: 2, 600: 3 },
  ),
};

/**
 * Prepares a data set with one rater (datasets section 8.4) in the layout the multi-rater sets have, its rater as 1.
 *
 * Raw layouts, in any folders below the one given: SABS `img0001.nii.gz` and `label0001.nii.gz` (Synapse, BTCV); CMR
 * `patient1_C0.nii.gz` and `patient1_C0_manual.nii.gz` (MS-CMRSeg 2019, bSSFP) or `image_{k}` and `label_{k}`. CHAOST2:
 * the download as it is, `Train_Sets/MR/{id}/T2SPIR` with DICOM and PNG, or `image_{k}.nii.gz` and `label_{k}.nii.gz` that
 * were converted before, with labels 0 to 4.
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
  const chaos = set === 'CHAOST2' ? await chaosCases(folder) : undefined;
  return runPreparation({
    ...control,
    name: set.toLowerCase(),
    modality,
    names,
    raw: folder,
    out,
    cases: chaos ?? (await pairedCases(folder, recipe.names, out)),
    steps: recipe.steps,
    superpixelStep: { ...publishedSuperpixels, foregroundThreshold: recipe.threshold },
    async prepare(raw) {
      const read = chaos === undefined ? readOnOneGrid : readChaosCase;
      const { image, labels, warnings } = await read(folder, raw);
      const files = { image: join(folder, raw.image), labels: join(folder, raw.masks.get(1)!) };
      return { ...recipe.prepare({ image, labels }, files), warnings };
    },
  });
}
