import { distinctColours, type Picture } from '@fsmr/imaging';
import { checkScan } from '../check-scan.js';
import { sliceOf } from '../episode/slice.js';
import { classMapOf } from '../protocol/class-map.js';
import type { Dataset, Scan } from '../types.js';
import { drawTiles, type Tile } from './tiles.js';

/** What a contact sheet shows. */
export interface ContactSheetOptions {
  /** Scans, one a row; the first six when absent. */
  readonly ids?: readonly string[];
  /** Side of a tile in pixels, 128 when absent. */
  readonly tile?: number;
}

/**
 * A picture of a data set: a row a scan, first the slice with the most drawn raters and classes, then the same slice
 * with the outlines of each rater in the data set's order, a colour a class. A rater who did not outline it has a black
 * tile. Write it with `writePng` of `@fsmr/imaging`.
 */
export async function contactSheet(dataset: Dataset, options: ContactSheetOptions = {}): Promise<Picture> {
  const { tile = 128, ids = dataset.scans.slice(0, 6).map(({ id }) => id) } = options;
  const rows: (Tile | undefined)[][] = [];
  for (const id of ids) {
    const scan = checkScan(dataset, id, await dataset.read(id));
    const z = fullestSlice(scan);
    const slice = sliceOf(scan, z);
    const ofRater = (rater: string): Tile => {
      const outlines = dataset.classes.map(({ id: classId }, index) => ({
        mask: sliceOf(scan, z, classId, [rater]).masks[0]!,
        colour: distinctColours[index % distinctColours.length]!,
      }));
      return { slice, outlines };
    };
    rows.push([
      { slice, outlines: [] },
      ...dataset.raters.map((rater) => (scan.labels[rater] === undefined ? undefined : ofRater(rater))),
    ]);
  }
  return drawTiles(rows, tile);
}

function fullestSlice(scan: Scan): number {
  const counts = new Float64Array(scan.size[0]);
  for (const raters of Object.values(classMapOf(scan))) {
    for (const slices of Object.values(raters)) for (const z of slices) counts[z]!++;
  }
  // The middle one of the fullest, where the organs are large.
  const most = Math.max(...counts);
  const fullest = [...counts.keys()].filter((z) => counts[z] === most);
  return fullest[Math.floor(fullest.length / 2)]!;
}
