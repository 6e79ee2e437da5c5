import { stat } from 'node:fs/promises';
import { ConfigError, GeometryError, InputError } from '@fsmr/core';
import { queryPart, supportSlices, windowed } from '@fsmr/datasets';
import {
  assertSameGeometry,
  labelValues,
  type Orientation,
  orientationOf,
  readDicomSeries,
  readLabelVolume,
  readVolume,
  reorient,
  type Volume,
} from '@fsmr/imaging';
import { largestSquare } from '../config/schema.js';
import { checkResultNames, inputFiles, queryFiles, raterFiles, type SegmentFiles } from './segment-inputs.js';
import { volumeFile } from './segmented-volumes.js';

/** What `fsmr segment` is asked about volumes, beside their files. */
export interface VolumeOptions {
  /** The value of the structure in the masks; not needed where they hold one value. */
  readonly label?: number | undefined;
  /** The first and last slice of the queries that may show the structure, as their files count; all unless given. */
  readonly slices?: readonly [first: number, last: number] | undefined;
  /** Intensities are clipped to these and brought to 0..255, as preparation does with CT. */
  readonly window?: readonly [low: number, high: number] | undefined;
  /** Pixels of both edges of the squares the network sees; those it was trained with unless given. */
  readonly size?: number | undefined;
}

/** The same as words of the command line. */
export interface VolumeWords {
  readonly label?: string;
  readonly slices?: string;
  readonly window?: string;
  readonly size?: string;
}

/** Reads those words. @throws ConfigError that names the word. */
export function volumeOptions({ label, slices, window, size }: VolumeWords): VolumeOptions {
  const numbers = (word: string, text: string | undefined, pattern: RegExp): number[] | undefined => {
    if (text === undefined) return undefined;
    const found = pattern.exec(text);
    if (found === null) {
      throw new ConfigError(`--${word} cannot be ${text}.`, { remedy: `For example ${examples[word]}.` });
    }
    return found.slice(1).map(Number);
  };
  const range = numbers('slices', slices, /^(\d+)-(\d+)$/) as [number, number] | undefined;
  const limits = numbers('window', window, /^(-?[\d.]+),(-?[\d.]+)$/) as [number, number] | undefined;
  if (limits !== undefined && !(limits[0] < limits[1])) {
    throw new ConfigError(`--window cannot be ${window}.`, { remedy: 'Give the lower intensity first.' });
  }
  return { label: numbers('label', label, /^(\d+)$/)?.[0], slices: range, window: limits, size: squareSize(size) };
}

/** The word `--size`. @throws ConfigError for no edge of a square that networks take. */
export function squareSize(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const size = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (size >= 16 && size <= largestSquare && size % 8 === 0) return size;
  throw new ConfigError(`--size cannot be ${word}.`, { remedy: `Give a multiple of 8 from 16 to ${largestSquare}.` });
}

/** Refuses what only volumes take. @throws ConfigError that names the word. */
export function checkImageWords(words: VolumeWords): void {
  const given = (['label', 'slices', 'window'] as const).find((word) => words[word] !== undefined);
  if (given === undefined) return;
  throw new ConfigError(`--${given} is for volumes, and these are images.`, { remedy: 'Leave it away.' });
}

const examples: Readonly<Record<string, string>> = {
  label: '--label 2',
  slices: '--slices 10-40',
  window: '--window -125,275',
};

/** A support volume, its masks and its queries, read and checked. */
export interface VolumeTask extends VolumeOptions {
  readonly support: Volume;
  /** 1 where the rater drew the structure, on the support's grid. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  /** The support slice of each part of a volume. */
  readonly parts: readonly number[];
  /** Files of the queries, by the name their results get. */
  readonly queries: ReadonlyMap<string, string>;
  /** Paths of everything that was read. */
  readonly inputs: readonly string[];
}

/** Whether something is a volume: a file by its name, or a folder, which should hold the slices of a DICOM series. */
export async function isVolume(path: string): Promise<boolean> {
  return /\.(nii(\.gz)?|nrrd|mha)$/i.test(path) || isFolder(path);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const readScan = async (path: string): Promise<Volume> =>
  (await isFolder(path)) ? readDicomSeries(path) : readVolume(path, { allow2D: true });

/**
 * Reads and checks every volume before anything is computed or written. Queries are read again when their turn comes, as
 * together they may not fit into memory.
 *
 * @throws InputError, GeometryError or ShapeError that names file, rater and remedy.
 */
export async function readVolumeTask(files: SegmentFiles, options: VolumeOptions): Promise<VolumeTask> {
  const support = inWindow(await readScan(files.support), options.window);
  const masks = new Map<string, Uint8Array>();
  for (const [rater, file] of raterFiles(files.mask)) {
    const drawn = await readLabelVolume(file, { rater, allow2D: true });
    assertSameGeometry(support, drawn, { file, rater, reference: files.support });
    masks.set(rater, structureOf(drawn.data, options.label, file, rater));
  }
  const queries = queryFiles(files.query);
  checkResultNames([...queries.keys()], [...masks.keys()], volumeFile);
  const plane = support.size[0] * support.size[1];
  const shown = Array.from({ length: support.size[2] }, (_, z) => z).filter((z) =>
    [...masks.values()].some((mask) => mask.subarray(z * plane, (z + 1) * plane).includes(1)),
  );
  const task = { ...options, support, masks, parts: supportSlices(shown), queries, inputs: inputFiles(files) };
  for (const file of queries.values()) await readQuery(task, file);
  return task;
}

/** A query with its axes along the support's, and how they ran before. */
export interface OrientedQuery {
  readonly volume: Volume;
  readonly orientation: Orientation;
  /** The first and last slice that may show the structure, as `volume` counts. */
  readonly range: readonly [first: number, last: number];
}

/**
 * Reads a query and turns it as the support lies. Where either file does not say how it lies, both are taken to lie alike.
 *
 * @throws GeometryError where its slices are cut in another direction than the support's, InputError where it has fewer
 *   slices than were asked for.
 */
export async function readQuery({ support, window, slices }: QueryFrame, file: string): Promise<OrientedQuery> {
  const stored = await readScan(file);
  const depth = stored.size[2];
  checkRange(depth, slices, file);
  const [first, last] = slices ?? [0, depth - 1];
  const wanted = orientationOf(support);
  const orientation = orientationOf(stored);
  if (stored.unplaced === true || support.unplaced === true) {
    return { volume: inWindow(stored, window), orientation, range: [first, last] };
  }
  if (axisOf(orientation) !== axisOf(wanted)) {
    throw new GeometryError(`lies ${orientation}, the support ${wanted}, so its slices are cut in another direction.`, {
      file,
      remedy: 'Segment volumes that were cut in the direction of the support.',
    });
  }
  // Slices were counted in the file.
  const range =
    orientation[2] === wanted[2] ? ([first, last] as const) : ([depth - 1 - last, depth - 1 - first] as const);
  return { volume: inWindow(reorient(stored, wanted), window), orientation, range };
}

type QueryFrame = Pick<VolumeTask, 'support' | 'window' | 'slices'>;

/** Which of the body's axes slices follow each other along. */
const axisOf = (orientation: Orientation): number =>
  ['RL', 'AP', 'SI'].findIndex((pair) => pair.includes(orientation[2]!));

/** The part of the support that a slice of a query is compared with; undefined where it is not to be segmented. */
export function partOf(z: number, [first, last]: OrientedQuery['range']): number | undefined {
  return z < first || z > last ? undefined : queryPart(z, first, last);
}

function checkRange(depth: number, slices: VolumeOptions['slices'], file: string): void {
  if (slices === undefined || (slices[0] <= slices[1] && slices[1] < depth)) return;
  throw new InputError(`has slices 0 to ${depth - 1}, not ${slices.join(' to ')}.`, {
    file,
    remedy: 'Give --slices as first-last, counted from 0 in the file.',
  });
}

function structureOf(data: ArrayLike<number>, label: number | undefined, file: string, rater: string): Uint8Array {
  const values = labelValues(data).filter((value) => value !== 0);
  const wanted = label ?? values[0];
  if (label === undefined && values.length > 1) {
    const many = values.length > 20 || values.some((value) => value < 0);
    throw new InputError(`the mask holds the labels ${listed(values)}.`, {
      file,
      rater,
      remedy: many
        ? 'This looks like an image: check that support and mask were not exchanged.'
        : `Say which is meant, for instance --label ${wanted}.`,
    });
  }
  if (wanted === undefined || !values.includes(wanted)) {
    const found = values.length === 0 ? 'the mask is empty.' : `the mask holds ${listed(values)}, not ${wanted}.`;
    throw new InputError(found, { file, rater, remedy: 'Outline the structure, or leave this rater out.' });
  }
  return Uint8Array.from(data, (value) => (value === wanted ? 1 : 0));
}

const listed = (values: readonly number[]): string =>
  values.length <= 20 ? values.join(', ') : `${values.slice(0, 5).join(', ')} and ${values.length - 5} more`;

const inWindow = (volume: Volume, window: VolumeOptions['window']): Volume =>
  window === undefined ? volume : windowed(volume, window);
