import { join } from 'node:path';
import { GeometryError, InputError } from '@fsmr/core';
import {
  createLabelVolume,
  createVolume,
  type Grid,
  type LabelVolume,
  labelValues,
  type Matrix3,
  readNifti,
  readNiftiHeader,
  readNiftiLabels,
  resampleLabels,
  type Vector3,
  type Volume,
} from '@fsmr/imaging';
import type { RawCase } from './run.js';

/**
 * Reads a QUBIQ image; two dimensions become one slice of 1 mm in the plane's own coordinates.
 */
export async function readQubiqImage(file: string): Promise<Volume> {
  const image = await readNifti(file, { allow2D: true });
  const { dimensions } = await readNiftiHeader(file);
  return dimensions >= 3 ? image : { ...image, spacing: [image.spacing[0], image.spacing[1], 1] };
}

/**
 * A rater's labels on the image's grid, nearest neighbours, 0 outside. A single slice is laid into the image's plane, or
 * repeated through all its slices.
 *
 * @throws InputError for more than two values; GeometryError for grids that cannot be compared.
 */
export async function readQubiqLabels(file: string, rater: number, image: Volume): Promise<LabelVolume> {
  const raw = await readNiftiLabels(file, { allow2D: true, rater: String(rater) });
  const place = { file, rater: String(rater) };
  const values = labelValues(raw.data);
  const foreground = values.filter((value) => value !== 0);
  if (foreground.length > 1 || values[0]! < 0) {
    throw new InputError(`a label has two values, this one has ${values.slice(0, 5).join(', ')}.`, {
      ...place,
      remedy: 'Get the file again, or keep one structure of it in a file of its own.',
    });
  }
  // Some files store 255 for 1.
  const data = new Uint8Array(raw.data.length);
  for (let i = 0; i < data.length; i++) data[i] = raw.data[i] === 0 ? 0 : 1;
  const labels: LabelVolume = { ...raw, data };
  const onGrid = raw.size[2] === 1 ? repeated(labels, image) : labels;
  try {
    return resampleLabels(onGrid, image);
  } catch (cause) {
    throw new GeometryError('the label cannot be brought onto its image.', { ...place, cause });
  }
}

/** One slice of labels through all slices of an image, in the plane's own coordinates. */
function repeated(labels: LabelVolume, image: Grid): LabelVolume {
  const [width, height] = labels.size;
  const slices = image.size[2];
  const data = new Uint8Array(width * height * slices);
  for (let z = 0; z < slices; z++) data.set(labels.data, z * width * height);
  return createLabelVolume(data, [width, height, slices], {
    spacing: [labels.spacing[0], labels.spacing[1], image.spacing[2]],
    origin: [labels.origin[0], labels.origin[1], image.origin[2]],
    direction: image.direction,
  });
}

/** A volume with its axes in the opposite order, z y x for x y z; every voxel keeps its place in the world. */
export function reverseAxes<V extends Volume | LabelVolume>(volume: V): V {
  const [nx, ny, nz] = volume.size;
  const data = volume.data.slice();
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++, i++) data[z + nz * (y + ny * x)] = volume.data[i]!;
  }
  const flip = ([a, b, c]: Vector3): Vector3 => [c, b, a];
  const d = volume.direction;
  const direction: Matrix3 = [d[2], d[1], d[0], d[5], d[4], d[3], d[8], d[7], d[6]];
  return { ...volume, data, size: flip(volume.size), spacing: flip(volume.spacing), direction };
}

/** Reads a case of QUBIQ with all raters on the image's grid. A label of nothing is reported: its header may be wrong. */
export async function readQubiqCase(
  folder: string,
  raw: RawCase,
): Promise<{ image: Volume; labels: Map<number, LabelVolume>; warnings: string[] }> {
  const image = await readQubiqImage(join(folder, raw.image));
  const labels = new Map<number, LabelVolume>();
  for (const [rater, file] of raw.masks) labels.set(rater, await readQubiqLabels(join(folder, file), rater, image));
  const warnings = [...labels].flatMap(([rater, { data }]) =>
    data.some((value) => value !== 0)
      ? []
      : [`${raw.masks.get(rater)}: rater ${rater} marked nothing that lies on the image.`],
  );
  return { image: createVolume(image.data, image.size, image), labels, warnings };
}
