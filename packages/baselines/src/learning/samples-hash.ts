import type { SliceSample } from '@fsmr/datasets';

/**
 * A 32-bit FNV-1a hash of the pixels and masks of slices, 8 hexadecimal digits. It tells a corrected outline from the one
 * that a kept network learned from; it is no guard against forgery.
 */
export function samplesHash(samples: readonly SliceSample[]): string {
  let hash = 0x811c9dc5;
  for (const { image, masks } of samples) {
    for (const values of [image, ...masks]) {
      for (const byte of new Uint8Array(Float32Array.from(values).buffer)) hash = Math.imul(hash ^ byte, 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
