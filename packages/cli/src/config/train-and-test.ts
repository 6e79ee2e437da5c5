import { ConfigError, InputError } from '@fsmr/core';
import type { ClassMap, Dataset, Scan } from '@fsmr/datasets';

const parts = ['train', 'test'] as const;
type Part = (typeof parts)[number];

/** The part of a joined set a scan belongs to. */
export const isTestScan = ({ id }: { readonly id: string }): boolean => id.startsWith('test-');

/**
 * Two data sets as one, for sets that are published as a part to train with and a part to test: ids are `train-0`,
 * `test-0` and so on, so that both may number their scans from 0.
 *
 * @throws ConfigError where their classes differ.
 */
export function trainAndTest(train: Dataset, test: Dataset): Dataset {
  const named = ({ classes }: Dataset): string => classes.map(({ id, name }) => `${id} ${name}`).join(', ');
  if (named(train) !== named(test)) {
    throw new ConfigError(`training has the classes ${named(train)}, the test set ${named(test)}.`, {
      remedy: 'Prepare both with the same table, or name the classes in data.classes.',
    });
  }
  const sets: Readonly<Record<Part, Dataset>> = { train, test };
  const locate = (id: string): { readonly set: Dataset; readonly own: string } => {
    const part = parts.find((name) => id.startsWith(`${name}-`));
    if (part === undefined) throw new InputError(`there is no scan ${id}.`);
    return { set: sets[part], own: id.slice(part.length + 1) };
  };
  const maps = parts.map((part) => sets[part].classMap);
  const superpixels = async (id: string): Promise<Int32Array> => {
    const { set, own } = locate(id);
    const found = await set.superpixels?.(own);
    if (found === undefined) throw new InputError(`there are no superpixels of scan ${id}.`);
    return found;
  };
  return {
    name: train.name,
    raters: joinedRaters(train, test),
    classes: train.classes,
    modality: train.modality,
    scans: parts.flatMap((part) => sets[part].scans.map((scan) => ({ ...scan, id: `${part}-${scan.id}` }))),
    read: async (id): Promise<Scan> => {
      const { set, own } = locate(id);
      return { ...(await set.read(own)), id };
    },
    ...(maps.includes(undefined) ? {} : { classMap: () => joinedMap(sets) }),
    ...(train.superpixels === undefined ? {} : { superpixels }),
    ...(train.superpixelOptions === undefined ? {} : { superpixelOptions: train.superpixelOptions }),
  };
}

async function joinedMap(sets: Readonly<Record<Part, Dataset>>): Promise<ClassMap> {
  const maps = await Promise.all(parts.map(async (part) => [part, await sets[part].classMap!()] as const));
  return Object.fromEntries(
    maps.flatMap(([part, map]) => Object.entries(map).map(([id, slices]) => [`${part}-${id}`, slices])),
  );
}

/** Raters that are numbered go by their numbers; those with names keep the order in which they come. */
function joinedRaters(...sets: readonly Dataset[]): string[] {
  const raters = [...new Set(sets.flatMap((set) => set.raters))];
  const number = (rater: string): number => Number(/^(?:rater)?(\d+)$/.exec(rater)?.[1]);
  return raters.some((rater) => Number.isNaN(number(rater))) ? raters : raters.sort((a, b) => number(a) - number(b));
}
