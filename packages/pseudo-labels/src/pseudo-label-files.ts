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
import { type SuperpixelOptions, superpixels } from './superpixels.js';
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
  const area = volume.size[0] * volume.size[1];
  // A slice cannot hold more numbers than pixels plus one.
  const labels = new (area < 65535 ? Uint16Array : Int32Array)(voxelCount(volume.size));
  const foreground = new Uint8Array(labels.length);
  const threshold = options.foregroundThreshold ?? Number.NEGATIVE_INFINITY;
  for (let z = 0; z < volume.size[2]; z++) {
    const slice = imageSlice(volume, z);
    labels.set(superpixels(slice, options).data, z * area);
    foreground.set(foregroundMask(slice, threshold).data, z * area);
  }
  return {
    labels: createLabelVolume(labels, volume.size, volume),
    foreground: createLabelVolume(foreground, volume.size, volume),
  };
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
 * @throws InputError where the scan cannot be read, ConfigError for unusable options.
 */
export async function makePseudoLabelFile(job: PseudoLabelJob): Promise<void> {
  const volume = await readVolume(job.image, { allow2D: true });
  if (job.method.kind === 'supervoxels') {
    await writeNifti(job.labels, supervoxels(volume, job.method));
    return;
  }
  const { labels, foreground } = superpixelsOfVolume(volume, job.method);
  if (job.foreground !== undefined) await writeNifti(job.foreground, foreground);
  await writeNifti(job.labels, labels);
}
