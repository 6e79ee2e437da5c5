/** Square tiles of output pixels and the input pixels that a 3x3 kernel reads for them, as tables of row numbers. */
import { type Geometry, remembered, spatialKey } from './rows.js';

/** On one axis: where tiles start. Under dilation a tile's pixels lie `dilation` apart, so tiles interleave. */
function starts(size: number, dilation: number, tile: number): number[] {
  const found: number[] = [];
  for (let phase = 0; phase < Math.min(size, dilation); phase++) {
    for (let start = phase; start < size; start += tile * dilation) found.push(start);
  }
  return found;
}

const startsOf = (g: Geometry, tile: number) =>
  [starts(g.outHeight, g.dilationHeight, tile), starts(g.outWidth, g.dilationWidth, tile)] as const;

/** Tiles of `tile` squared pixels in all images. */
export function tileCount(g: Geometry, tile: number): number {
  const [rows, columns] = startsOf(g, tile);
  return g.batch * rows.length * columns.length;
}

/**
 * For each of `taps` squared pixels of a tile and each of `count` tiles from `from` on, the number of that pixel; the
 * number after the last means "outside".
 */
function tilePixels(
  g: Geometry,
  tile: number,
  taps: number,
  offset: readonly [number, number],
  [height, width]: readonly [number, number],
  from: number,
  count: number,
): Int32Array {
  const [rows, columns] = startsOf(g, tile);
  const table = new Int32Array(taps * taps * count);
  const outside = g.batch * height * width;
  let next = 0;
  for (let tap = 0; tap < taps * taps; tap++) {
    const down = Math.floor(tap / taps) * g.dilationHeight - offset[0];
    const right = (tap % taps) * g.dilationWidth - offset[1];
    for (let number = from; number < from + count; number++) {
      const line = Math.floor(number / columns.length);
      const y = (rows[line % rows.length] as number) + down;
      const x = (columns[number % columns.length] as number) + right;
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      table[next++] = inside ? (Math.floor(line / rows.length) * height + y) * width + x : outside;
    }
  }
  return table;
}

/** For each of the input pixels of `count` tiles, the input pixel. */
export const inputTiles = (g: Geometry, tile: number, from: number, count: number): Int32Array =>
  remembered(`tiles in ${tile} ${from} ${count} ${spatialKey(g)}`, () =>
    tilePixels(g, tile, tile + 2, [g.padTop, g.padLeft], [g.inHeight, g.inWidth], from, count),
  );

/** For each of the output pixels of `count` tiles, the output pixel. */
export const outputTiles = (g: Geometry, tile: number, from: number, count: number): Int32Array =>
  remembered(`tiles out ${tile} ${from} ${count} ${spatialKey(g)}`, () =>
    tilePixels(g, tile, tile, [0, 0], [g.outHeight, g.outWidth], from, count),
  );

/** For each output pixel its row among results that lie portion by portion, then by place in the tile, then by tile. */
export const outputPixels = (g: Geometry, tile: number, portion: number): Int32Array =>
  remembered(`tiles back ${tile} ${portion} ${spatialKey(g)}`, () => {
    const total = tileCount(g, tile);
    const pixels = g.batch * g.outHeight * g.outWidth;
    const table = new Int32Array(pixels);
    let row = 0;
    for (let from = 0; from < total; from += portion) {
      for (const pixel of outputTiles(g, tile, from, Math.min(portion, total - from))) {
        if (pixel < pixels) table[pixel] = row;
        row++;
      }
    }
    return table;
  });
