import { distinctColours, type LabelImage, type Picture } from '@fsmr/imaging';
import { describeStyle, type SuperpixelOptions } from '@fsmr/pseudo-labels';
import { checkScan } from '../check-scan.js';
import type { SourcedEpisode } from '../episode/pseudo-source.js';
import { regionsOfSlice } from '../episode/regions.js';
import { sliceOf } from '../episode/slice.js';
import type { Dataset, SliceSample } from '../types.js';
import { drawTiles, type Tile } from './tiles.js';

/** How an episode is drawn. */
export interface EpisodeSheetOptions {
  /** Side of a tile in pixels, 128 when absent. */
  readonly tile?: number;
  /** Superpixels as the source of the episode makes them, see `PseudoSourceOptions`. */
  readonly superpixels?: SuperpixelOptions;
}

/** A picture of a training episode, and what it shows in words. */
export interface EpisodeSheet {
  readonly picture: Picture;
  /** The scan, the slice and the superpixel, then the style of each simulated rater. */
  readonly captions: readonly string[];
}

const white = [255, 255, 255] as const;
const grey = [128, 128, 128] as const;

/**
 * Draws what training sees of an episode that {@link pseudoEpisodes} made from this data set. First row: the slice with
 * all superpixels in grey and the target in white, the support, and the support with the outline of each simulated rater,
 * a tile and a colour a rater. Second row: the slice as it is, the query, and the query with the same raters' outlines.
 *
 * Write it with `writePng` of `@fsmr/imaging`.
 */
export async function episodeSheet(
  dataset: Dataset,
  episode: SourcedEpisode,
  options: EpisodeSheetOptions = {},
): Promise<EpisodeSheet> {
  const { origin, record, support, query, raters } = episode;
  const scan = checkScan(dataset, origin.scan, await dataset.read(origin.scan));
  const regions = await regionsOfSlice(dataset, scan, origin.slice, options.superpixels);
  const slice = sliceOf(scan, origin.slice);
  const target = Uint8Array.from(regions.data, (label) => (label === record.superpixel ? 1 : 0));
  const plain = (sample: SliceSample): Tile => ({ slice: sample, outlines: [] });
  const outlined = (sample: SliceSample): Tile[] =>
    sample.masks.map((mask, index) => ({
      slice: sample,
      outlines: [{ mask, colour: distinctColours[index % distinctColours.length]! }],
    }));
  const cut: Tile = {
    slice,
    outlines: [
      { mask: borders(regions), colour: grey },
      { mask: target, colour: white },
    ],
  };
  return {
    picture: drawTiles(
      [
        [cut, plain(support), ...outlined(support)],
        [plain(slice), plain(query), ...outlined(query)],
      ],
      options.tile ?? 128,
    ),
    captions: [
      `scan ${origin.scan}, slice ${origin.slice}, superpixel ${record.superpixel}`,
      ...raters.map((rater, index) => `${rater}: ${describeStyle(record.styles[index]!)}`),
    ],
  };
}

/** The last pixels of a superpixel before the next one, to the right and below. */
function borders({ width, height, data }: LabelImage): Uint8Array {
  const result = new Uint8Array(data.length);
  for (let i = 0; i < result.length; i++) {
    const right = i % width < width - 1 && data[i] !== data[i + 1];
    const below = i < width * (height - 1) && data[i] !== data[i + width];
    if (right || below) result[i] = 1;
  }
  return result;
}
