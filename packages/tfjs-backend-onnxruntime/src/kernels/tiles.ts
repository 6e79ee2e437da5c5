/** Tiles of 2x2 output pixels and the 4x4 input pixels they read, as tables of row numbers. */
import { type Geometry, remembered, spatialKey } from './rows.js';

/** On one axis: where tiles start. Under dilation a tile's pixels lie `dilation` apart, so tiles interleave. */
function starts(size: number, dilation: number): number[] {
  const found: number[] = [];
  for (let phase = 0; phase < Math.min(size, dilation); phase++) {
    for (let start = phase; start < size; start += 2 * dilation) found.push(start);
  }
  return found;
}

const startsOf = (g: Geometry) => [starts(g.outHeight, g.dilationHeight), starts(g.outWidth, g.dilationWidth)] as const;

/** Tiles of all images. */
export function tileCount(g: Geometry): number {
  const [rows, columns] = startsOf(g);
  return g.batch * rows.length * columns.length;
}

/**
 * For each of `taps` squared pixels of a tile and each of `count` tiles from `from` on, the number of that pixel; the
 * number after the last means "outside".
 */
function tilePixels(
  g: Geometry,
  taps: number,
  offset: readonly [number, number],
  [height, width]: readonly [number, number],
  from: number,
  count: number,
): Int32Array {
  const [rows, columns] = startsOf(g);
  const table = new Int32Array(taps * taps * count);
  const outside = g.batch * height * width;
  let next = 0;
  for (let tap = 0; tap < taps * taps; tap++) {
    const down = Math.floor(tap / taps) * g.dilationHeight - offset[0];
    const right = (tap % taps) * g.dilationWidth - offset[1];
    for (let tile = from; tile < from + count; tile++) {
      const line = Math.floor(tile / columns.length);
      const y = (rows[line % rows.length] as number) + down;
      const x = (columns[tile % columns.length] as number) + right;
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      table[next++] = inside ? (Math.floor(line / rows.length) * height + y) * width + x : outside;
    }
  }
  return table;
}

/** For each of the 16 input pixels of `count` tiles, the input pixel. */
export const inputTiles = (g: Geometry, from: number, count: number): Int32Array =>
  remembered(`tiles in ${from} ${count} ${spatialKey(g)}`, () =>
    tilePixels(g, 4, [g.padTop, g.padLeft], [g.inHeight, g.inWidth], from, count),
  );

/** For each of the 4 output pixels of `count` tiles, the output pixel. */
export const outputTiles = (g: Geometry, from: number, count: number): Int32Array =>
  remembered(`tiles out ${from} ${count} ${spatialKey(g)}`, () =>
    tilePixels(g, 2, [0, 0], [g.outHeight, g.outWidth], from, count),
  );

/** For each output pixel its row among results that lie portion by portion, then by place in the tile, then by tile. */
export const outputPixels = (g: Geometry, portion: number): Int32Array =>
  remembered(`tiles back ${portion} ${spatialKey(g)}`, () => {
    const total = tileCount(g);
    const pixels = g.batch * g.outHeight * g.outWidth;
    const table = new Int32Array(pixels);
    let row = 0;
    for (let from = 0; from < total; from += portion) {
      for (const pixel of outputTiles(g, from, Math.min(portion, total - from))) {
        if (pixel < pixels) table[pixel] = row;
        row++;
      }
    }
    return table;
  });
