import { createHash } from 'node:crypto';
import type { Dataset } from '@fsmr/datasets';
import { bytesOf } from './files.js';

/** The hash of each scan's voxels as they are evaluated, by its id. Reads every one of them. */
export async function scanHashes(dataset: Dataset, ids: Iterable<string>): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const id of ids) {
    const { size, image, labels } = await dataset.read(id);
    const hash = createHash('sha256').update(JSON.stringify(size)).update(bytesOf(image));
    for (const rater of Object.keys(labels).sort()) hash.update(rater).update(bytesOf(labels[rater]!));
    hashes[id] = hash.digest('hex').slice(0, 16);
  }
  return hashes;
}
