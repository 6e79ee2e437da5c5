import { InterruptedError } from '@fsmr/core/errors';
import {
  createLabelVolume,
  imageSlice,
  type LabelVolume,
  readVolume,
  type Volume,
  voxelCount,
  writeNifti,
} from '@fsmr/imaging';
import { foregroundMask } from './foreground.js';
import { type SuperpixelOptions, superpixelsWithin } from './superpixels.js';
import { type SupervoxelOptions, supervoxels } from './supervoxels.js';

/** Superpixels of every axial slice of a scan, each slice cut by itself, and the body they lie in. */
export interface VolumeSuperpixels {
  readonly labels: LabelVolume;
  readonly foreground: LabelVolume;
}

/**
 * Cuts every axial slice of a scan into superpixels. Numbers start anew in each slice.
 * @throws ConfigError or NumericError as {@link superpixels}.
 */
export function superpixelsOfVolume(volume: Volume, options: SuperpixelOptions = {}): VolumeSuperpixels {
  const result = emptySuperpixels(volume);
  for (let z = 0; z < volume.size[2]; z++) cutSlice(volume, z, options, result);
  return result;
}

function emptySuperpixels(volume: Volume): VolumeSuperpixels {
  const voxels = voxelCount(volume.size);
  return {
    labels: createLabelVolume(new Int32Array(voxels), volume.size, volume),
    foreground: createLabelVolume(new Uint8Array(voxels), volume.size, volume),
  };
}

function cutSlice(volume: Volume, z: number, options: SuperpixelOptions, result: VolumeSuperpixels): void {
  const start = z * volume.size[0] * volume.size[1];
  const slice = imageSlice(volume, z);
  const foreground = foregroundMask(slice, options.foregroundThreshold ?? Number.NEGATIVE_INFINITY);
  result.labels.data.set(superpixelsWithin(foreground, slice, options).data, start);
  result.foreground.data.set(foreground.data, start);
}

/** One scan to be cut: files in, files out. Plain JSON, so that it can go to a worker. */
export interface PseudoLabelJob {
  /** The prepared scan (NIfTI, NRRD or MetaImage). */
  readonly image: string;
  /** Where the pseudo labels go (`.nii.gz`), on the scan's grid. */
  readonly labels: string;
  /** Where the body's mask goes; superpixels only. */
  readonly foreground?: string | undefined;
  /** What is made, with its options. */
  readonly method:
    | ({ readonly kind: 'superpixels' } & SuperpixelOptions)
    | ({ readonly kind: 'supervoxels' } & SupervoxelOptions);
}

/**
 * Cuts one scan and writes its pseudo labels.
 * @param signal looked at between slices.
 * @throws InputError where the scan cannot be read, ConfigError for unusable options, InterruptedError when stopped.
 */
export async function makePseudoLabelFile(job: PseudoLabelJob, signal?: AbortSignal): Promise<void> {
  const { image, labels, foreground, method } = job;
  const volume = await readVolume(image, { allow2D: true });
  if (method.kind === 'supervoxels') {
    await writeNifti(labels, supervoxels(volume, method));
    return;
  }
  const result = emptySuperpixels(volume);
  for (let z = 0; z < volume.size[2]; z++) {
    if (signal?.aborted === true) throw new InterruptedError('stopped between two slices.', { file: image });
    cutSlice(volume, z, method, result);
    // Lets signals and other work in.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (foreground !== undefined) await writeNifti(foreground, result.foreground);
  await writeNifti(labels, result.labels);
}
