import { InputError, type Random } from '@fsmr/core';
import { checkScan } from '../check-scan.js';
import { readClassMap } from '../protocol/class-map.js';
import { queryPart } from '../protocol/support.js';
import type { ClassMap, Dataset, SampleEpisode, Scan, SliceSample, Statistics } from '../types.js';
import { normaliseImage, statisticsOf } from './normalise.js';
import type { EpisodeAugmentation } from './pseudo.js';
import { realEpisode } from './real.js';
import { keepRecent } from './recent.js';
import { isEmpty, resizeSlice, sliceOf } from './slice.js';

/** Where episodes with real labels come from. */
export interface RealSourceOptions {
  /** The training scans; all when absent. */
  readonly ids?: readonly string[];
  /** Class ids that are trained; all when absent. */
  readonly classes?: readonly number[];
  readonly statistics?: Statistics | undefined;
  /** Side to which slices of other sizes are brought; absent, they stay as they are and must agree. */
  readonly size?: number;
  readonly augmentation?: EpisodeAugmentation;
  /** Where the classes are; read from the data set when absent. */
  readonly classMap?: ClassMap;
  /** Bytes of scans kept between episodes, 512 MiB when absent. */
  readonly memory?: number;
}

/** Makes episodes; the same random stream gives the same episode, whatever was asked before. */
export type RealSource = (request: {
  readonly random: Random;
}) => Promise<SampleEpisode & { readonly classId: number }>;

interface Drawn {
  readonly id: string;
  /** Slices with the class, by rater. */
  readonly raters: Readonly<Record<string, readonly number[]>>;
}

const attempts = 100;

/**
 * A source of training episodes from real labels: a random class, two random scans that show it, a random slice of the
 * query and one of the support from the same third of the organ. The raters are those who drew the class on both
 * slices; where a transform leaves a mask empty, all is drawn again.
 *
 * @throws InputError where no class is in two scans, or no draw gives an episode; the source too, and both for a scan that
 * is none, see {@link checkScan}.
 */
export async function realEpisodes(dataset: Dataset, options: RealSourceOptions = {}): Promise<RealSource> {
  const map = options.classMap ?? (await readClassMap(dataset));
  const ids = options.ids ?? dataset.scans.map(({ id }) => id);
  const wanted = options.classes ?? dataset.classes.map(({ id }) => id);
  const shown = wanted
    .map((classId) => ({
      classId,
      scans: ids.flatMap((id): Drawn[] => (map[id]?.[classId] === undefined ? [] : [{ id, raters: map[id][classId] }])),
    }))
    .filter(({ scans }) => scans.length > 1);
  if (shown.length === 0) {
    throw new InputError(`no class of ${dataset.name} was drawn in two training scans.`, {
      remedy: 'Give more scans, or train on pseudo labels.',
    });
  }
  const recent = keepRecent<Scan>(options.memory ?? 512 * 2 ** 20, ({ image, labels }) =>
    Object.values(labels).reduce((sum, own) => sum + own.length, 4 * image.length),
  );
  const sample = async (id: string, z: number, classId: number, raters: readonly string[]): Promise<SliceSample> => {
    const scan = await recent.get(id, async () => checkScan(dataset, id, await dataset.read(id)));
    const slice = sliceOf(scan, z, classId, raters);
    const statistics = options.statistics ?? scan.stored ?? statisticsOf(scan.image);
    const normal = { ...slice, image: normaliseImage(slice.image, statistics) };
    return options.size === undefined ? normal : resizeSlice(normal, options.size, options.size);
  };
  return async ({ random }) => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const own = random.fork(`attempt ${attempt}`);
      const { classId, scans } = own.pick(shown);
      const [support, query] = own.shuffle(scans) as [Drawn, Drawn];
      const z = own.pick(union(query));
      const part = partOf(union(query), z);
      const ofPart = union(support).filter((slice) => partOf(union(support), slice) === part);
      if (ofPart.length === 0) continue;
      const supportZ = own.pick(ofPart);
      const drew = ({ raters }: Drawn, rater: string, slice: number): boolean =>
        raters[rater]?.includes(slice) === true;
      const raters = dataset.raters.filter((rater) => drew(query, rater, z) && drew(support, rater, supportZ));
      if (raters.length === 0) continue;
      const episode = realEpisode({
        raters,
        support: await sample(support.id, supportZ, classId, raters),
        query: await sample(query.id, z, classId, raters),
        random: own.fork('episode'),
        ...(options.augmentation === undefined ? {} : { augmentation: options.augmentation }),
      });
      const empty = [...episode.support.masks, ...episode.query.masks].some(isEmpty);
      if (!empty) return { ...episode, classId };
    }
    throw new InputError(`no pair of slices of ${dataset.name} gave an episode in ${attempts} draws.`);
  };
}

function union({ raters }: Drawn): number[] {
  return [...new Set(Object.values(raters).flat())].sort((a, b) => a - b);
}

const partOf = (slices: readonly number[], z: number): number => queryPart(z, slices[0]!, slices.at(-1)!);
