import { InputError } from '@fsmr/core/errors';
import { decodeMetaImage, decodeMetaImageLabels, isMetaImage } from './metaimage.js';
import { decodeNifti, decodeNiftiLabels, readNifti, readNiftiLabels } from './nifti-read.js';
import { decodeNrrd, decodeNrrdLabels, isNrrd } from './nrrd.js';
import { isPng } from './png-chunks.js';
import { readBytes } from './read-bytes.js';
import type { LabelVolume, Volume } from './volume.js';
import type { ReadOptions } from './voxels.js';

const formats = '.nii, .nii.gz, .nrrd or .mha';

function refusePng(bytes: Uint8Array, options: ReadOptions): void {
  if (!isPng(bytes)) return;
  throw new InputError('a volume is needed, this is a PNG image.', {
    file: options.file,
    rater: options.rater,
    remedy: `Give a ${formats} file.`,
  });
}

/**
 * Reads a scan from a NIfTI, NRRD or MetaImage file, recognised by its content.
 * @throws InputError naming the file where it is none of these, damaged, or holds voxels that are not finite.
 */
export async function readVolume(path: string, options: ReadOptions = {}): Promise<Volume> {
  const named = { file: path, ...options };
  if (/\.nii(\.gz)?$/i.test(path)) return readNifti(path, named);
  const bytes = await readBytes(path, options.rater);
  refusePng(bytes, named);
  if (isNrrd(bytes)) return decodeNrrd(bytes, named);
  if (isMetaImage(bytes)) return decodeMetaImage(bytes, named);
  return decodeNifti(bytes, named);
}

/**
 * Reads a label map from a NIfTI, NRRD or MetaImage file.
 * @throws InputError as {@link readVolume}, and where a voxel is no integer.
 */
export async function readLabelVolume(path: string, options: ReadOptions = {}): Promise<LabelVolume> {
  const named = { file: path, ...options };
  if (/\.nii(\.gz)?$/i.test(path)) return readNiftiLabels(path, named);
  const bytes = await readBytes(path, options.rater);
  refusePng(bytes, named);
  if (isNrrd(bytes)) return decodeNrrdLabels(bytes, named);
  if (isMetaImage(bytes)) return decodeMetaImageLabels(bytes, named);
  return decodeNiftiLabels(bytes, named);
}
