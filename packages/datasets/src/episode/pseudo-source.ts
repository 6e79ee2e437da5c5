import { InputError, type Random } from '@fsmr/core';
import type { LabelImage } from '@fsmr/imaging';
import { type Style, type StylePreset, type SuperpixelOptions, sampleRaterStyles } from '@fsmr/pseudo-labels';
import { checkScan } from '../check-scan.js';
import type { Setting } from '../protocol/setting.js';
import type { Dataset, Scan, ScanInfo, SliceSample, Statistics } from '../types.js';
import { normaliseImage, statisticsOf } from './normalise.js';
import { type EpisodeAugmentation, type PseudoEpisode, pseudoEpisode } from './pseudo.js';
import { keepRecent } from './recent.js';
import { regionsOfSlice } from './regions.js';
import { resizeSlice, sliceOf } from './slice.js';
import { slicesLeft } from './slices-left.js';

/** Where pseudo episodes come from. */
export interface PseudoSourceOptions {
  /** The training scans; all when absent. */
  readonly ids?: readonly string[];
  /** Of the training scans, for CT; see {@link trainingStatistics}. */
  readonly statistics?: Statistics | undefined;
  /** Side to which slices of other sizes are brought; absent, they stay as they are. */
  readonly size?: number;
  /**
   * How superpixels are made where the data set has none; when absent, as the data set's `superpixelOptions` say and else
   * with the published parameters, the whole image being foreground and the minimum size of 400 pixels scaled to the area
   * of images below 256 x 256.
   */
  readonly superpixels?: SuperpixelOptions;
  readonly augmentation?: EpisodeAugmentation;
  readonly thresholdBlur?: boolean;
  /** Leaves out slices in Setting 2. */
  readonly setting?: Setting;
  /** Bytes of scans and superpixels kept between episodes, 512 MiB when absent; what is kept changes no episode. */
  readonly memory?: number;
}

/** What one pseudo episode should be like. */
export interface PseudoRequest {
  readonly random: Random;
  /** How many raters are simulated. */
  readonly raters: number;
  /** A preset, no styles at all, or the styles themselves. */
  readonly styles: 'none' | StylePreset | readonly Style[];
}

/** A pseudo episode, and the slice it was made of. */
export interface SourcedEpisode extends PseudoEpisode {
  readonly origin: { readonly scan: string; readonly slice: number };
}

/** Makes pseudo episodes; the same request gives the same episode, whatever was asked before. */
export type PseudoSource = (request: PseudoRequest) => Promise<SourcedEpisode>;

const attempts = 100;

/**
 * A source of pseudo episodes from a data set: a scan with probability in proportion to its slices (where their number
 * is known), any slice of it that the setting allows, then {@link pseudoEpisode}. Slices without usable superpixel are
 * drawn again, a hundred times at most; slices that Setting 2 leaves out are replaced without limit (datasets section 8.7).
 *
 * @throws InputError where there is no such scan, where the setting leaves out every slice, or where a hundred slices gave
 *   no episode; the source too, and for a scan that is none, see {@link checkScan}.
 */
export function pseudoEpisodes(dataset: Dataset, options: PseudoSourceOptions = {}): PseudoSource {
  const scans = trainingScans(dataset, options.ids);
  const total = scans.reduce((sum, { slices = 1 }) => sum + slices, 0);
  const budget = options.memory ?? 512 * 2 ** 20;
  const recentScans = keepRecent<Scan>(budget / 2, ({ image }) => 4 * image.length);
  const recentRegions = keepRecent<LabelImage>(budget / 2, ({ data }) => 4 * data.length);

  const drawScan = (random: Random): ScanInfo => {
    let rest = random.next() * total;
    for (const scan of scans) {
      rest -= scan.slices ?? 1;
      if (rest < 0) return scan;
    }
    return scans.at(-1)!;
  };
  const regionsOf = (scan: Scan, z: number): Promise<LabelImage> =>
    recentRegions.get(`${scan.id}/${z}`, () => regionsOfSlice(dataset, scan, z, options.superpixels));
  const left = slicesLeft(scans, options.setting);
  const readScan = async (id: string): Promise<Scan> => {
    const scan = await recentScans.get(id, async () => withoutLabels(checkScan(dataset, id, await dataset.read(id))));
    left.learn(id, scan.size[0]);
    return scan;
  };

  return async ({ random, raters, styles }) => {
    for (let draw = 0, attempt = 0; attempt < attempts; draw++) {
      // One stream a draw, so that what is drawn does not depend on how the draw before ended.
      const own = random.fork(`attempt ${draw}`);
      const { id } = drawScan(own);
      // A scan that was seen before is not read again for a slice that is left out.
      const unseen = left.count(id) === undefined ? await readScan(id) : undefined;
      const z = own.integer(0, left.count(id)! - 1);
      if (left.isOut(id, z)) {
        if (left.none()) {
          const counted = `${scans.length} training scan${scans.length === 1 ? '' : 's'}`;
          throw new InputError(`Setting 2 leaves out every slice of the ${counted} of ${dataset.name}.`, {
            remedy: 'Train in Setting 1, test fewer classes at a time, or add scans without them.',
          });
        }
        continue;
      }
      attempt++;
      const scan = unseen ?? (await readScan(id));
      const drawn =
        styles === 'none'
          ? Array.from({ length: raters }, () => ({ operation: 'identity' }) as const)
          : typeof styles === 'string'
            ? sampleRaterStyles(own.fork('styles'), raters, styles)
            : styles;
      const { slice, regions } = sized(normalisedSlice(scan, z, options.statistics), await regionsOf(scan, z), options);
      const episode = pseudoEpisode({
        slice,
        superpixels: regions,
        styles: drawn,
        random: own.fork('episode'),
        ...(options.augmentation === undefined ? {} : { augmentation: options.augmentation }),
        ...(options.thresholdBlur === undefined ? {} : { thresholdBlur: options.thresholdBlur }),
      });
      if (episode !== undefined) return { ...episode, origin: { scan: id, slice: z } };
    }
    throw new InputError(`no slice of ${dataset.name} gave a pseudo episode in ${attempts} draws.`, {
      remedy: 'Lower the minimum size of superpixels or the foreground threshold, or check the images.',
    });
  };
}

function trainingScans(dataset: Dataset, ids: readonly string[] | undefined): readonly ScanInfo[] {
  const scans = ids?.map((id) => {
    const scan = dataset.scans.find((known) => known.id === id);
    if (scan === undefined) throw new InputError(`${dataset.name} has no scan ${id}.`);
    return scan;
  });
  const chosen = scans ?? dataset.scans;
  if (chosen.length === 0) throw new InputError('pseudo episodes need at least one scan.');
  return chosen;
}

// Pseudo labels need no rater's mask, and the statistics of the scan are computed once.
function withoutLabels(scan: Scan): Scan {
  const stored = scan.stored ?? { ...statisticsOf(scan.image), voxels: scan.image.length };
  return { ...scan, labels: {}, stored };
}

function normalisedSlice(scan: Scan, z: number, statistics: Statistics | undefined): SliceSample {
  const slice = sliceOf(scan, z);
  return { ...slice, image: normaliseImage(slice.image, statistics ?? scan.stored!) };
}

function sized(
  slice: SliceSample,
  regions: LabelImage,
  { size }: PseudoSourceOptions,
): { readonly slice: SliceSample; readonly regions: LabelImage } {
  if (size === undefined || (slice.height === size && slice.width === size)) return { slice, regions };
  const data = new Int32Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    const row = Math.floor(((y + 0.5) * slice.height) / size) * slice.width;
    for (let x = 0; x < size; x++, i++) data[i] = regions.data[row + Math.floor(((x + 0.5) * slice.width) / size)]!;
  }
  return { slice: resizeSlice(slice, size, size), regions: { width: size, height: size, data } };
}
