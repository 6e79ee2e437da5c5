import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, InterruptedError } from '@fsmr/core';
import { type LabelVolume, labelValues, type Volume, writeNifti } from '@fsmr/imaging';
import { createPseudoLabelPool, type PseudoLabelPool } from '@fsmr/pseudo-labels';
import type { Modality } from '../types.js';
import { createBeside } from './beside.js';
import { writeClassMaps } from './class-maps.js';
import {
  type CaseRecord,
  fileRecord,
  jsonHash,
  type PreparationRecord,
  preparationFile,
  readJson,
  type StepRecord,
  unchanged,
  writeJson,
} from './record.js';
import { type SuperpixelStep, writeSuperpixels } from './superpixels.js';

/** The files of one raw case, relative to the raw folder. */
export interface RawCase {
  /** The number its files get. */
  readonly number: number;
  readonly source: string;
  readonly image: string;
  /** By rater id, ascending. */
  readonly masks: ReadonlyMap<number, string>;
  /** Every file that is read, where image and masks are folders. */
  readonly files?: readonly string[];
  readonly warnings: readonly string[];
}

/** What becomes of a raw case. */
export interface PreparedCase {
  readonly image: Volume;
  readonly labels: ReadonlyMap<number, LabelVolume>;
  readonly warnings: readonly string[];
}

/** How a preparation reports and stops. */
export interface PrepareControl {
  /** After every case, also one that was there already; cases end in any order. */
  readonly onCase?: (progress: {
    readonly done: number;
    readonly cases: number;
    readonly source: string;
    readonly reused: boolean;
  }) => void;
  /** Stops soon; cases that are finished are kept, and the next run goes on. */
  readonly signal?: AbortSignal;
  /** Whether superpixels are made now; true when absent, else episodes make them when they need them. */
  readonly superpixels?: boolean;
  /** Threads that cut superpixels beside the reading of further cases; one for each processor when absent. */
  readonly workers?: number | undefined;
  /** Look at contents, not only at sizes, to decide whether a file is still the same. */
  readonly verify?: boolean;
}

/** A preparation of one folder. */
export interface Preparation extends PrepareControl {
  readonly name: string;
  readonly modality: Modality;
  /** Class names by id; 0 is background. */
  readonly names: readonly string[];
  readonly raw: string;
  readonly out: string;
  readonly cases: readonly RawCase[];
  readonly steps: readonly StepRecord[];
  readonly superpixelStep: SuperpixelStep;
  /** What there is to say of the whole set, such as cases that were left out. */
  readonly warnings?: readonly string[];
  prepare(raw: RawCase): Promise<PreparedCase>;
}

/** Raised when results change, so that what older versions made is made again. */
const preparationVersion = '1';

/**
 * Prepares case after case in the published layout (datasets section 8.1): `image_k.nii.gz`, `label_k_r.nii.gz`,
 * superpixels, class maps, and `preparation.json` last of all.
 *
 * Every file appears whole or not at all, and a case counts as done when its own record is written after its files. So
 * a run that was killed is simply started again, and ends with the same files as one that was not.
 *
 * @throws InterruptedError when told to stop; InputError, ShapeError or GeometryError for what is wrong with a file.
 */
export async function runPreparation(preparation: Preparation): Promise<PreparationRecord> {
  const { name, modality, names, out, cases } = preparation;
  if (cases.length === 0) throw new InputError('no case was found.', { file: preparation.raw });
  const steps =
    preparation.superpixels === false ? preparation.steps : [...preparation.steps, preparation.superpixelStep];
  await mkdir(join(out, 'records'), { recursive: true });
  const pool = createPseudoLabelPool({ workers: preparation.workers, signal: preparation.signal });
  const records = await prepareCases(preparation, jsonHash([preparationVersion, names, steps]), pool).finally(
    pool.close,
  );
  const raters = [...new Set(records.flatMap((record) => record.raters))].sort((a, b) => a - b);
  await writeClassMaps(out, names, raters, records);
  const result: PreparationRecord = {
    format: 'fsmr-preparation-1',
    name,
    modality,
    names,
    raters,
    steps,
    superpixels: preparation.superpixelStep,
    ...(preparation.warnings === undefined || preparation.warnings.length === 0
      ? {}
      : { warnings: preparation.warnings }),
    cases: records,
  };
  await writeJson(join(out, preparationFile), result);
  return result;
}

/** Reads and samples one case after the other here, while the pool cuts superpixels of those already written. */
async function prepareCases(
  preparation: Preparation,
  stepsSha256: string,
  pool: PseudoLabelPool,
): Promise<readonly CaseRecord[]> {
  const { out, cases, signal, onCase, verify = false } = preparation;
  const records: CaseRecord[] = [];
  const beside = createBeside(pool.size);
  let done = 0;
  const keep = (index: number, record: CaseRecord, reused: boolean): void => {
    records[index] = record;
    onCase?.({ done: ++done, cases: cases.length, source: record.source, reused });
  };
  try {
    for (const [index, raw] of cases.entries()) {
      signal?.throwIfAborted();
      const known = await finishedCase(preparation, raw, stepsSha256, verify);
      if (known !== undefined) {
        keep(index, known, true);
        continue;
      }
      // The set is unfinished from here on, and must not be read as if it were whole.
      await rm(join(out, preparationFile), { force: true });
      const written = await writeCase(preparation, raw);
      await beside.start(async () => {
        signal?.throwIfAborted();
        keep(index, await recordCase(preparation, written, stepsSha256, pool), false);
      });
    }
    await beside.finish();
    return records;
  } catch (cause) {
    // Ends work that would otherwise still write files after this.
    await pool.close();
    await beside.finish().catch(() => undefined);
    if (signal?.aborted !== true) throw cause;
    throw new InterruptedError(`stopped after ${done} of ${cases.length} cases.`, {
      file: out,
      remedy: 'Start again to go on.',
    });
  }
}

const recordFile = (out: string, { number }: RawCase): string => join(out, 'records', `case_${number}.json`);

const inputsOf = ({ files, image, masks }: RawCase): readonly string[] => files ?? [image, ...masks.values()];

async function finishedCase(
  { raw: folder, out }: Preparation,
  raw: RawCase,
  stepsSha256: string,
  verify: boolean,
): Promise<CaseRecord | undefined> {
  const record = (await readJson(recordFile(out, raw))) as CaseRecord | undefined;
  const recorded = await stat(recordFile(out, raw)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (record?.stepsSha256 !== stepsSha256 || record.source !== raw.source) return undefined;
  const inputs = inputsOf(raw);
  const same = inputs.length === record.inputs.length && inputs.every((file, i) => record.inputs[i]!.file === file);
  if (!same || !(await unchanged(folder, record.inputs, verify, recorded))) return undefined;
  return (await unchanged(out, record.outputs, verify, recorded)) ? record : undefined;
}

/** What is known of a case once its image and labels are written; the volumes themselves are let go. */
interface WrittenCase {
  readonly raw: RawCase;
  readonly files: readonly string[];
  readonly summary: Pick<CaseRecord, 'warnings' | 'raters' | 'size' | 'classes'>;
}

async function writeCase(preparation: Preparation, raw: RawCase): Promise<WrittenCase> {
  const { out, raw: folder, names } = preparation;
  const { image, labels, warnings } = await preparation.prepare(raw);
  const files = [`image_${raw.number}.nii.gz`];
  await writeNifti(join(out, files[0]!), image);
  for (const [rater, map] of labels) {
    const unknown = labelValues(map.data).find((value) => value < 0 || value >= names.length);
    if (unknown !== undefined) {
      throw new InputError(
        `label ${unknown} is none of the ${names.length - 1} classes ${names.slice(1).join(', ')}.`,
        {
          file: join(folder, raw.masks.get(rater)!),
          rater: String(rater),
          remedy: 'Check that this is the right data set.',
        },
      );
    }
    files.push(`label_${raw.number}_${rater}.nii.gz`);
    await writeNifti(join(out, files.at(-1)!), map);
  }
  const summary = {
    warnings: [...raw.warnings, ...warnings],
    raters: [...labels.keys()],
    size: [image.size[2], image.size[1], image.size[0]] as const,
    classes: drawnSlices(labels),
  };
  return { raw, files, summary };
}

async function recordCase(
  { out, raw: folder, superpixels, superpixelStep }: Preparation,
  { raw, files, summary: { warnings, ...summary } }: WrittenCase,
  stepsSha256: string,
  pool: PseudoLabelPool,
): Promise<CaseRecord> {
  const regions = superpixels === false ? [] : await writeSuperpixels(pool, out, raw.number, superpixelStep);
  const record: CaseRecord = {
    number: raw.number,
    source: raw.source,
    stepsSha256,
    versions: { preparation: preparationVersion, node: process.versions.node, zlib: process.versions.zlib },
    warnings,
    inputs: await Promise.all(inputsOf(raw).map((file) => fileRecord(folder, file))),
    outputs: await Promise.all([...files, ...regions].map((file) => fileRecord(out, file))),
    ...summary,
  };
  await writeJson(recordFile(out, raw), record);
  return record;
}

function drawnSlices(labels: ReadonlyMap<number, LabelVolume>): CaseRecord['classes'] {
  const classes: Record<number, Record<number, number[]>> = {};
  for (const [rater, { data, size }] of labels) {
    const area = size[0] * size[1];
    for (let z = 0; z < size[2]; z++) {
      for (const id of labelValues(data.subarray(z * area, (z + 1) * area))) {
        const ofClass = classes[id] ?? {};
        classes[id] = ofClass;
        ofClass[rater] = [...(ofClass[rater] ?? []), z];
      }
    }
  }
  return classes;
}
