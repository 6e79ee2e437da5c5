import { join } from 'node:path';
import { createLabelVolume, imageSlice, type Volume, writeNifti } from '@fsmr/imaging';
import { foregroundMask, superpixels } from '@fsmr/pseudo-labels';

/** How superpixels are made, with the constants that are recorded. */
export interface SuperpixelStep {
  readonly step: 'superpixels';
  readonly scale: number;
  readonly sigma: number;
  readonly minimumSize: number;
  readonly foregroundThreshold: number;
  readonly [constant: string]: unknown;
}

/** The published parameters (pseudo-labels section 7.1); the threshold is that of CT and of all QUBIQ tasks. */
export const publishedSuperpixels: SuperpixelStep = {
  step: 'superpixels',
  scale: 1,
  sigma: 1,
  minimumSize: 400,
  foregroundThreshold: 1e-4,
};

/** Writes superpixels and body masks of all slices under their published names, and answers the names. */
export async function writeSuperpixels(
  folder: string,
  number: number,
  image: Volume,
  { scale, sigma, minimumSize, foregroundThreshold }: SuperpixelStep,
): Promise<string[]> {
  const [width, height, slices] = image.size;
  const regions = new Int32Array(image.data.length);
  const body = new Uint8Array(image.data.length);
  for (let z = 0; z < slices; z++) {
    const slice = imageSlice(image, z);
    regions.set(superpixels(slice, { scale, sigma, minimumSize, foregroundThreshold }).data, z * width * height);
    body.set(foregroundMask(slice, foregroundThreshold).data, z * width * height);
    // Lets signals and other work in between slices.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const files = [`superpix-MIDDLE_${number}.nii.gz`, `fgmask_${number}.nii.gz`];
  await writeNifti(join(folder, files[0]!), createLabelVolume(regions, image.size, image), { type: 'int32' });
  await writeNifti(join(folder, files[1]!), createLabelVolume(body, image.size, image));
  return files;
}
