import { checkScan } from '../check-scan.js';
import type { ClassMap, Dataset, Scan } from '../types.js';

/** Where each rater drew each class in one scan; see {@link ClassMap}. */
export function classMapOf(scan: Scan): ClassMap[string] {
  const [slices, height, width] = scan.size;
  const area = height * width;
  const map: Record<number, Record<string, number[]>> = {};
  for (const [rater, labels] of Object.entries(scan.labels)) {
    for (let z = 0; z < slices; z++) {
      const present = new Uint8Array(256);
      for (let i = z * area; i < (z + 1) * area; i++) present[labels[i]!] = 1;
      for (let id = 1; id < 256; id++) {
        if (present[id] === 0) continue;
        const ofClass = map[id] ?? {};
        map[id] = ofClass;
        ofClass[rater] = [...(ofClass[rater] ?? []), z];
      }
    }
  }
  return map;
}

/**
 * Where each rater drew each class: what the data set keeps, or else found by reading all scans, one after the other.
 *
 * @throws InputError, ShapeError for a scan that is none, see {@link checkScan}.
 */
export async function readClassMap(dataset: Dataset): Promise<ClassMap> {
  if (dataset.classMap !== undefined) return dataset.classMap();
  const map: Record<string, ClassMap[string]> = {};
  for (const { id } of dataset.scans) map[id] = classMapOf(checkScan(dataset, id, await dataset.read(id)));
  return map;
}

/** The ascending slices of a scan on which any rater drew a class. */
export function classSlices(map: ClassMap, scan: string, classId: number): number[] {
  const raters = Object.values(map[scan]?.[classId] ?? {});
  return [...new Set(raters.flat())].sort((a, b) => a - b);
}
