import { greyPicture, type Picture } from '@fsmr/imaging';
import { resizeSlice, sliceOf } from '../episode/slice.js';
import { classMapOf } from '../protocol/class-map.js';
import type { Dataset, Scan } from '../types.js';

/** What a contact sheet shows. */
export interface ContactSheetOptions {
  /** Scans, one a row; the first six when absent. */
  readonly ids?: readonly string[];
  /** Side of a tile in pixels, 128 when absent. */
  readonly tile?: number;
}

/** Outline colours, one a class, again from the start after the last. */
const colours = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
] as const;

/**
 * A picture of a data set: a row a scan, first the slice with the most drawn raters and classes, then the same slice
 * with the outlines of each rater in the data set's order, a colour a class. A rater who did not outline it has a black
 * tile. Write it with `writePng` of `@fsmr/imaging`.
 */
export async function contactSheet(dataset: Dataset, options: ContactSheetOptions = {}): Promise<Picture> {
  const { tile = 128, ids = dataset.scans.slice(0, 6).map(({ id }) => id) } = options;
  const columns = dataset.raters.length + 1;
  const width = columns * tile;
  const height = ids.length * tile;
  const data = new Uint8Array(width * height * 3);
  for (const [row, id] of ids.entries()) {
    const scan = await dataset.read(id);
    const z = fullestSlice(scan);
    const drawn = ['', ...dataset.raters];
    for (const [column, rater] of drawn.entries()) {
      if (rater !== '' && scan.labels[rater] === undefined) continue;
      const pixels = drawTile(dataset, scan, z, rater, tile);
      for (let y = 0; y < tile; y++) {
        const from = y * tile * 3;
        data.set(pixels.subarray(from, from + tile * 3), ((row * tile + y) * width + column * tile) * 3);
      }
    }
  }
  return { width, height, channels: 3, data };
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

function drawTile({ classes }: Dataset, scan: Scan, z: number, rater: string, tile: number): Uint8Array {
  const grey = resizeSlice(sliceOf(scan, z), tile, tile);
  const shades = greyPicture({ width: tile, height: tile, data: grey.image }).data;
  const pixels = new Uint8Array(tile * tile * 3);
  for (let i = 0; i < shades.length; i++) pixels.fill(shades[i]!, i * 3, i * 3 + 3);
  if (rater === '') return pixels;
  for (const [index, { id }] of classes.entries()) {
    const mask = resizeSlice(sliceOf(scan, z, id, [rater]), tile, tile).masks[0]!;
    for (let i = 0; i < mask.length; i++) {
      const x = i % tile;
      const inside = x > 0 && x < tile - 1 && mask[i - 1] && mask[i + 1] && mask[i - tile] && mask[i + tile];
      if (mask[i] === 1 && !inside) pixels.set(colours[index % colours.length]!, i * 3);
    }
  }
  return pixels;
}
