import { memoryBudget, type WeightArray, type Weights } from './array.js';
import { parseNpy } from './npy.js';
import { openZip } from './zip.js';

/**
 * Reads an archive of NumPy arrays; the arrays have the names of their files without `.npy`.
 *
 * @throws WeightsError for a damaged archive or array.
 */
export function parseNpz(bytes: Uint8Array): Weights {
  const archive = openZip(bytes);
  const charge = memoryBudget(bytes.length);
  const arrays = new Map<string, WeightArray>();
  for (const name of archive.names) {
    if (name.endsWith('.npy')) arrays.set(name.slice(0, -'.npy'.length), parseNpy(archive.read(name), charge));
  }
  return arrays;
}
