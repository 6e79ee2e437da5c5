import { type Colour, greyPicture, type Picture } from '@fsmr/imaging';
import { resizeSlice } from '../episode/slice.js';
import type { SliceSample } from '../types.js';

/** One square of a sheet: grey values, and outlines in colour. */
export interface Tile {
  readonly slice: SliceSample;
  /** Drawn in this order; a colour each. */
  readonly outlines: readonly { readonly mask: Uint8Array; readonly colour: Colour }[];
}

/** A sheet of tiles, row by row; undefined leaves a place black. */
export function drawTiles(rows: readonly (readonly (Tile | undefined)[])[], side: number): Picture {
  const width = Math.max(...rows.map((row) => row.length)) * side;
  const height = rows.length * side;
  const data = new Uint8Array(width * height * 3);
  for (const [row, tiles] of rows.entries()) {
    for (const [column, tile] of tiles.entries()) {
      if (tile === undefined) continue;
      const pixels = drawTile(tile, side);
      for (let y = 0; y < side; y++) {
        const from = y * side * 3;
        data.set(pixels.subarray(from, from + side * 3), ((row * side + y) * width + column * side) * 3);
      }
    }
  }
  return { width, height, channels: 3, data };
}

function drawTile({ slice, outlines }: Tile, side: number): Uint8Array {
  const { image, masks } = resizeSlice({ ...slice, masks: outlines.map(({ mask }) => mask) }, side, side);
  const shades = greyPicture({ width: side, height: side, data: image }).data;
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < shades.length; i++) pixels.fill(shades[i]!, i * 3, i * 3 + 3);
  for (const [index, { colour }] of outlines.entries()) {
    const mask = masks[index]!;
    for (let i = 0; i < mask.length; i++) {
      const x = i % side;
      const inside = x > 0 && x < side - 1 && mask[i - 1] && mask[i + 1] && mask[i - side] && mask[i + side];
      if (mask[i] === 1 && !inside) pixels.set(colour, i * 3);
    }
  }
  return pixels;
}
