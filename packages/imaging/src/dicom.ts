import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GeometryError, InputError } from '@fsmr/core/errors';
import { type DicomSlice, isDicom, parseDicomSlice } from './dicom-slice.js';
import { checkGrid, type Vector3 } from './geometry.js';
import { readBytes } from './read-bytes.js';
import { directionOfSteps, flipWorld } from './text-header.js';
import { createVolume, type Volume } from './volume.js';
import { scanOf, storedValues } from './voxels.js';

const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function checkAlike(slices: readonly DicomSlice[]): void {
  const first = slices[0]!;
  for (const slice of slices) {
    const turned = dot(slice.alongRow, first.alongRow) < 0.9999 || dot(slice.alongColumn, first.alongColumn) < 0.9999;
    const resized = slice.width !== first.width || slice.height !== first.height;
    const respaced = slice.spacing.some((s, k) => Math.abs(s - first.spacing[k]!) > 1e-4);
    if (!turned && !resized && !respaced) continue;
    throw new GeometryError(`the slice has another size, spacing or orientation than ${first.file}.`, {
      file: slice.file,
      remedy: 'Put each series into a folder of its own.',
    });
  }
}

/**
 * The distance that most slices are from the one before, mm: the median of all that is no repetition. Of two in the
 * middle it is the smaller, as a gap is more likely than a slice too many. The mean would be that of no slice at all.
 */
function usualStep(steps: readonly number[]): number {
  const apart = steps.filter((step) => step > 0.01).sort((a, b) => a - b);
  return apart[(apart.length - 1) >> 1] ?? 0;
}

function stepRemedy(step: number, usual: number): string {
  if (step < usual) return 'One of the two is too many; leave it out.';
  const missing = Math.round(step / usual) - 1;
  if (missing < 1) return 'The two are not neighbours of one series; complete it.';
  return `${missing === 1 ? 'A slice is' : `${missing} slices are`} missing between the two; complete the series.`;
}

/**
 * The distance between slices, mm, all alike.
 *
 * @param heights of the slices along their normal, mm, ascending.
 * @throws GeometryError where one is missing or doubled, with the two slices that differ most from the others.
 */
function sliceSpacing(heights: readonly number[], slices: readonly DicomSlice[]): number {
  if (heights.length === 1) return 1;
  const steps = heights.slice(1).map((height, i) => height - heights[i]!);
  const spacing = (heights.at(-1)! - heights[0]!) / steps.length;
  if (steps.every((step) => Math.abs(step - spacing) <= Math.max(0.01, 0.01 * spacing))) return spacing;
  const usual = usualStep(steps);
  const deviations = steps.map((step) => Math.abs(step - usual));
  const worst = deviations.indexOf(Math.max(...deviations));
  const [before, after, step] = [slices[worst]!, slices[worst + 1]!, steps[worst]!];
  throw new GeometryError(
    `this slice lies ${step.toFixed(3)} mm from ${before.file}, the one before; ` +
      `the others lie ${usual.toFixed(3)} mm apart.`,
    { file: after.file, remedy: stepRemedy(step, usual) },
  );
}

/** @throws GeometryError where slices are not straight above each other, which no grid of a volume can say. */
function checkStraight(slices: readonly DicomSlice[], normal: Vector3): void {
  const first = slices[0]!;
  for (const { file, position } of slices) {
    const offset = position.map((value, axis) => value - first.position[axis]!) as unknown as Vector3;
    const height = dot(offset, normal);
    const drift = Math.hypot(...offset.map((value, axis) => value - height * normal[axis]!));
    if (drift <= 0.1 * Math.min(...first.spacing)) continue;
    throw new GeometryError(`this slice lies ${drift.toFixed(2)} mm beside the first, ${first.file}.`, {
      file,
      remedy:
        'The gantry was tilted, or the table moved; convert the series with a tool that shears it, as dcm2niix does.',
    });
  }
}

/** A scan read from a series. */
export interface DicomScan extends Volume {
  /** The file of each slice, from the first of the volume to the last. */
  readonly files: readonly string[];
}

/**
 * One scan from the slices of a series, in any order. Values are scaled by each slice's rescale slope and intercept.
 *
 * @param files bytes and names of the slices.
 * @throws InputError for files that cannot be used or belong to several series, GeometryError where slices are
 * missing, unlike, or not straight above each other.
 */
export function decodeDicomSeries(files: readonly { readonly file: string; readonly bytes: Uint8Array }[]): DicomScan {
  const parsed = files.map(({ file, bytes }) => parseDicomSlice(bytes, file));
  const first = parsed[0];
  if (first === undefined) throw new InputError('a series needs at least one slice.');
  const other = parsed.find(({ series }) => series !== first.series);
  if (other !== undefined) {
    throw new InputError(`the slice belongs to another series than ${first.file}.`, {
      file: other.file,
      remedy: 'Put each series into a folder of its own.',
    });
  }
  checkAlike(parsed);
  const normal = cross(first.alongRow, first.alongColumn);
  const slices = [...parsed].sort((a, b) => dot(a.position, normal) - dot(b.position, normal));
  const thickness = sliceSpacing(
    slices.map(({ position }) => dot(position, normal)),
    slices,
  );
  checkStraight(slices, normal);
  const { direction } = directionOfSteps([first.alongRow, first.alongColumn, normal].map(flipWorld));
  const grid = {
    size: [first.width, first.height, slices.length] as Vector3,
    spacing: [...first.spacing, thickness] as unknown as Vector3,
    origin: flipWorld(slices[0]!.position),
    direction,
  };
  checkGrid(grid, { file: first.file });
  const area = first.width * first.height;
  const data = new Float32Array(area * slices.length);
  slices.forEach((slice, z) => {
    const header = { ...slice, grid: { ...grid, size: [slice.width, slice.height, 1] as Vector3 }, dimensions: 3 };
    const options = { file: slice.file };
    data.set(scanOf(storedValues(slice.bytes, slice.offset, header, options), header, options).data, z * area);
  });
  return { ...createVolume(data, grid.size, grid), files: slices.map(({ file }) => file) };
}

/**
 * Reads the scan in a folder that holds one uncompressed DICOM series; files that are not DICOM are passed over.
 * @throws InputError where the folder holds none, see {@link decodeDicomSeries}.
 */
export async function readDicomSeries(folder: string): Promise<DicomScan> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError('the folder cannot be read.', { file: folder, cause, remedy: 'Check the path.' });
  });
  const files: { file: string; bytes: Uint8Array }[] = [];
  for (const entry of entries.filter((each) => !each.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(folder, entry.name);
    const bytes = await readBytes(file);
    if (isDicom(bytes)) files.push({ file, bytes });
  }
  if (files.length === 0) {
    throw new InputError('the folder holds no DICOM files.', {
      file: folder,
      remedy: 'Give the folder of one series.',
    });
  }
  return decodeDicomSeries(files);
}
