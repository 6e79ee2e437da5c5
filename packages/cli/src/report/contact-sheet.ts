import { isFsmrError } from '@fsmr/core';
import type { Dataset, Scan } from '@fsmr/datasets';
import type { Image2D, Mask2D, Picture } from '@fsmr/imaging';
import { raterColour } from './colours.js';
import { outlined } from './pictures.js';

const gap = 4;

/**
 * A picture of some scans of a data set, spread evenly over it: of each the slice on which most is drawn, with the
 * outline of every rater. A scan that cannot be read is a black cell; an inspection says what is wrong with it.
 */
export async function contactSheet(dataset: Dataset, count = 16): Promise<Picture> {
  const { scans } = dataset;
  const shown = Math.min(count, scans.length);
  const cells: Picture[] = [];
  for (let index = 0; index < shown; index++) {
    const { id } = scans[Math.floor(((index + 0.5) * scans.length) / shown)]!;
    const scan = await dataset.read(id).catch((error: unknown) => {
      if (isFsmrError(error)) return undefined;
      throw error;
    });
    cells.push(scan === undefined ? unreadable : drawScan(scan, dataset.raters));
  }
  return grid(cells);
}

const unreadable: Picture = { width: 32, height: 32, channels: 3, data: new Uint8Array(3 * 32 * 32) };

function drawScan(scan: Scan, raters: readonly string[]): Picture {
  const [slices, height, width] = scan.size;
  const area = height * width;
  const planes = (slice: number) =>
    raters.flatMap((rater, index) => {
      const labels = scan.labels[rater]?.subarray(slice * area, (slice + 1) * area);
      return labels === undefined ? [] : [{ labels, colour: raterColour(index) }];
    });
  const drawn = (slice: number): number =>
    planes(slice).reduce((sum, { labels }) => sum + labels.reduce((own, id) => own + (id === 0 ? 0 : 1), 0), 0);
  let best = 0;
  let most = -1;
  for (let slice = 0; slice < slices; slice++) {
    const here = drawn(slice);
    if (here > most) [best, most] = [slice, here];
  }
  const image: Image2D = { width, height, data: scan.image.slice(best * area, (best + 1) * area) };
  const outlines = planes(best).map(({ labels, colour }) => {
    const mask: Mask2D = { width, height, data: labels.map((id) => (id === 0 ? 0 : 1)) };
    return { mask, colour };
  });
  return outlined(image, outlines);
}

/** Cells side by side on white, rows about as many as columns. */
function grid(cells: readonly Picture[]): Picture {
  const columns = Math.ceil(Math.sqrt(cells.length));
  const cellWidth = Math.max(...cells.map(({ width }) => width)) + gap;
  const cellHeight = Math.max(...cells.map(({ height }) => height)) + gap;
  const width = columns * cellWidth + gap;
  const height = Math.ceil(cells.length / columns) * cellHeight + gap;
  const data = new Uint8Array(3 * width * height).fill(255);
  for (const [index, cell] of cells.entries()) {
    const left = gap + (index % columns) * cellWidth;
    const top = gap + Math.floor(index / columns) * cellHeight;
    for (let y = 0; y < cell.height; y++) {
      data.set(cell.data.subarray(3 * y * cell.width, 3 * (y + 1) * cell.width), 3 * ((top + y) * width + left));
    }
  }
  return { width, height, channels: 3, data };
}
