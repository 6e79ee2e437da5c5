import { join } from 'node:path';
import { type CaseRecord, writeJson } from './record.js';

/** Class name, scan id, ascending slices: the published JSON (datasets section 8.5). */
export type PublishedClassMap = Record<string, Record<string, number[]>>;

/** The published class map of some raters together, background included. */
export function publishedClassMap(
  names: readonly string[],
  records: readonly CaseRecord[],
  raters: readonly number[],
): PublishedClassMap {
  const map: PublishedClassMap = {};
  names.forEach((name, id) => {
    map[name] = Object.fromEntries(
      records.map(({ number, classes }) => {
        const slices = raters.flatMap((rater) => classes[id]?.[rater] ?? []);
        return [String(number), [...new Set(slices)].sort((a, b) => a - b)];
      }),
    );
  });
  return map;
}

/** Writes `classmap_1.json`, the union of all raters, and `classmap_rater{r}_1.json`. */
export async function writeClassMaps(
  folder: string,
  names: readonly string[],
  raters: readonly number[],
  records: readonly CaseRecord[],
): Promise<void> {
  await writeJson(join(folder, 'classmap_1.json'), publishedClassMap(names, records, raters));
  for (const rater of raters) {
    await writeJson(join(folder, `classmap_rater${rater}_1.json`), publishedClassMap(names, records, [rater]));
  }
}
