import { join } from 'node:path';
import type { PseudoLabelPool } from '@fsmr/pseudo-labels';

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

/** Writes superpixels and body masks of a prepared image under their published names, and answers the names. */
export async function writeSuperpixels(
  pool: PseudoLabelPool,
  folder: string,
  number: number,
  { scale, sigma, minimumSize, foregroundThreshold }: SuperpixelStep,
): Promise<string[]> {
  const [labels, foreground] = [`superpix-MIDDLE_${number}.nii.gz`, `fgmask_${number}.nii.gz`] as const;
  await pool.run({
    image: join(folder, `image_${number}.nii.gz`),
    labels: join(folder, labels),
    foreground: join(folder, foreground),
    method: { kind: 'superpixels', scale, sigma, minimumSize, foregroundThreshold },
  });
  return [labels, foreground];
}
