import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InputError } from '@fsmr/core';
import { listFolder, listSubfolders } from '../folder/find-cases.js';
import { publishedTables } from '../tables.js';
import { ctWindow, windowCt } from './intensity.js';
import { byName, readOnOneGrid } from './raw.js';
import type { PreparationRecord } from './record.js';
import { cutAndSample, innerBox, labelledRange, preparedSide, squareGrid } from './region.js';
import { type PrepareControl, type RawCase, runPreparation } from './run.js';
import { publishedSuperpixels } from './superpixels.js';

const border = 32;
const thickness = 3;

/** What is prepared. */
export interface CurvasOptions extends PrepareControl {
  /** `CURVASPDAC` for the tumour data in the same layout; CURVAS when absent. */
  readonly table?: 'CURVAS' | 'CURVASPDAC';
}

/**
 * Prepares one split of CURVAS (datasets section 8.2): abdominal CT, pancreas, kidneys and liver by three raters. The
 * soft tissue window, the slices any rater labelled without a border of 32 pixels, sampled to 256 x 256 and 3 mm, class
 * maps, superpixels.
 *
 * Raw layout: `{case}/image.nii.gz` and `annotation_1.nii.gz` to `annotation_3.nii.gz`, more where there were more raters,
 * in `folder` itself or in its `training_set`. Prepare each split from a folder of its own: the official one has 20
 * cases for training and 65 for test (5 more for validation). A missing annotation of the first three is reported in the
 * record, and the other raters are used.
 *
 * @throws InputError for a missing folder or a case without image or annotation; ShapeError for a mask of another size.
 */
export async function prepareCurvas(
  folder: string,
  out: string,
  options: CurvasOptions = {},
): Promise<PreparationRecord> {
  const { table = 'CURVAS', ...control } = options;
  const inner = join(folder, 'training_set');
  const raw = existsSync(inner) ? inner : folder;
  return runPreparation({
    ...control,
    name: table.toLowerCase(),
    modality: 'CT',
    names: publishedTables[table].names,
    raw,
    out,
    cases: await curvasCases(raw, out),
    steps: [
      { step: 'window', low: ctWindow[0], high: ctWindow[1], to: [0, 255] },
      { step: 'crop', border, slices: 'labelled' },
      { step: 'resample', side: preparedSide, thickness, rounding: 'floor-plus-one', labels: 'per-label' },
    ],
    superpixelStep: publishedSuperpixels,
    async prepare(rawCase) {
      const { image, labels, warnings } = await readOnOneGrid(raw, rawCase);
      const region = innerBox(image, border, labelledRange(labels.values(), image.size[2]), join(raw, rawCase.image));
      const cut = cutAndSample({ image, labels }, region, windowCt, (grid) =>
        squareGrid(grid, 'floor-plus-one', thickness),
      );
      return { ...cut, warnings };
    },
  });
}

async function curvasCases(folder: string, out: string): Promise<RawCase[]> {
  const names = (await listSubfolders(folder))
    // What was prepared may lie beside the cases.
    .filter((name) => resolve(folder, name) !== resolve(out) && !name.startsWith('.'))
    .sort(byName);
  const cases = names.map(async (source, number): Promise<RawCase> => {
    const at = (file: string): boolean => existsSync(join(folder, source, file));
    if (!at('image.nii.gz')) {
      throw new InputError('this case has no image.nii.gz.', {
        file: join(folder, source),
        remedy: 'Get the case again from the CURVAS download, or move its folder away.',
      });
    }
    const found = (await listFolder(join(folder, source)))
      .flatMap(({ name }) => /^annotation_([1-9]\d*)\.nii\.gz$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    if (found.length === 0) {
      throw new InputError('this case has no annotation_1.nii.gz, annotation_2.nii.gz and so on.', {
        file: join(folder, source),
        remedy: 'Get the case again from the CURVAS download, or move its folder away.',
      });
    }
    return {
      number,
      source,
      image: join(source, 'image.nii.gz'),
      masks: new Map(found.map((rater) => [rater, join(source, `annotation_${rater}.nii.gz`)])),
      warnings: [1, 2, 3].flatMap((rater) =>
        found.includes(rater) ? [] : [`${source}: annotation_${rater}.nii.gz is missing; rater ${rater} was left out.`],
      ),
    };
  });
  return Promise.all(cases);
}
