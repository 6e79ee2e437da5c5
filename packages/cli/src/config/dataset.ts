import { ConfigError, createRandom } from '@fsmr/core';
import {
  bubil,
  type Dataset,
  type FolderOptions,
  folderDataset,
  lidc,
  type PreparedOptions,
  phantomDataset,
  preparedDataset,
  resizedDataset,
  type ScanInfo,
} from '@fsmr/datasets';
import type { RunConfig } from './schema.js';
import { isTestScan, trainAndTest } from './train-and-test.js';

/** Opens the data set a configuration names. */
export async function buildDataset(config: RunConfig): Promise<Dataset> {
  const dataset = await openDataset(config);
  return config.resize === undefined ? dataset : resizedDataset(dataset, config.resize);
}

async function openDataset({ data, seed }: RunConfig): Promise<Dataset> {
  switch (data.kind) {
    case 'phantom':
      return phantomDataset({ seed, scans: data.scans, size: data.size, raters: data.raters });
    case 'bubil':
      return folderDataset(data.folder, bubil);
    case 'lidc':
      return folderDataset(data.folder, lidc);
    case 'folder':
      return folderDataset(data.folder, given(data) as FolderOptions);
    case 'prepared': {
      const train = await preparedDataset(data.folder, given(data) as PreparedOptions);
      if (data.test === undefined) return train;
      return trainAndTest(train, await preparedDataset(data.test, given(data) as PreparedOptions));
    }
  }
}

/** The options somebody wrote down, without where the data lies. */
function given({
  kind: _kind,
  folder: _folder,
  test: _test,
  ...options
}: {
  kind: string;
  folder: string;
  test?: string | undefined;
}): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Which scans train and which are evaluated. */
export interface Split {
  readonly training: readonly ScanInfo[];
  readonly evaluation: readonly ScanInfo[];
}

/**
 * Divides scans by group (patient), class by class, so that every class is on both sides. The same seed gives the same
 * division; fold k takes the k-th share, so that 1 / share folds together evaluate every scan once. A group whose scans are
 * of several classes is divided among groups of the same classes. A share of 1 trains
 * and evaluates on all scans, which is sound for pseudo labels alone: they use no mask of any rater. A set with a test
 * part of its own is divided as published.
 *
 * @throws ConfigError where a side would be empty.
 */
export function splitScans(dataset: Dataset, { data, split, seed }: RunConfig): Split {
  if (data.kind === 'prepared' && data.test !== undefined) {
    return {
      training: dataset.scans.filter((scan) => !isTestScan(scan)),
      evaluation: dataset.scans.filter(isTestScan),
    };
  }
  if (split.evaluation === 1) return { training: dataset.scans, evaluation: dataset.scans };
  const random = createRandom(seed).fork('split');
  const evaluated = new Set<string>();
  const byGroup = new Map<string, Set<string>>();
  for (const scan of dataset.scans) {
    const group = scan.group ?? scan.id;
    byGroup.set(group, (byGroup.get(group) ?? new Set()).add(scan.classes.join('+')));
  }
  const byClass = new Map<string, string[]>();
  for (const [group, classes] of byGroup) {
    const key = [...classes].sort().join(' ');
    byClass.set(key, [...(byClass.get(key) ?? []), group]);
  }
  for (const groups of byClass.values()) {
    const order = random.shuffle(groups);
    const from = Math.round(order.length * split.evaluation * split.fold);
    const to = Math.round(order.length * split.evaluation * (split.fold + 1));
    for (const group of order.slice(from, to)) evaluated.add(group);
  }
  const isEvaluated = (scan: ScanInfo): boolean => evaluated.has(scan.group ?? scan.id);
  const evaluation = dataset.scans.filter(isEvaluated);
  const training = dataset.scans.filter((scan) => !isEvaluated(scan));
  if (training.length === 0 || evaluation.length < 2) {
    throw new ConfigError(
      `the split leaves ${training.length} scans for training and ${evaluation.length} for evaluation.`,
      { remedy: 'Change split.evaluation or split.fold: at least one and two are needed.' },
    );
  }
  return { training, evaluation };
}

/** The ids of classes by name. @throws ConfigError for a name the data set does not know. */
export function classIds(dataset: Dataset, names: readonly string[]): number[] {
  return names.map((name) => {
    const found = dataset.classes.find((known) => known.name === name);
    if (found !== undefined) return found.id;
    throw new ConfigError(`${dataset.name} has no class ${JSON.stringify(name)}.`, {
      remedy: `It has ${dataset.classes.map((known) => known.name).join(', ')}.`,
    });
  });
}

/**
 * The ids of the supports a configuration asks for. A number is a position among the scans evaluated, negative from the
 * end: the released programs take 0 or -1 (evaluation section 9.1).
 *
 * @param evaluated ids of the scans evaluated, in order
 * @throws ConfigError for a position beyond them.
 */
export function supportIds(
  evaluated: readonly string[],
  supports: RunConfig['evaluation']['supports'],
): readonly string[] {
  if (supports === 'all') return evaluated;
  return supports.map((support) => {
    if (typeof support === 'string') return support;
    const id = evaluated.at(support);
    if (id !== undefined) return id;
    throw new ConfigError(`evaluation.supports: there is no position ${support} among ${evaluated.length} scans.`, {
      remedy: `Give 0 to ${evaluated.length - 1}, -1 for the last, or the name of a scan.`,
    });
  });
}

/**
 * Checks that the supervised arm is not scored on masks it learns.
 *
 * @throws ConfigError where all scans both train and are evaluated, which is sound for pseudo labels alone.
 */
export function checkBound({ data, split, evaluation }: RunConfig): void {
  // A prepared test part divides the scans in place of the split.
  const isDivided = split.evaluation < 1 || (data.kind === 'prepared' && data.test !== undefined);
  if (isDivided || !evaluation.arms.includes('supervised')) return;
  throw new ConfigError('split.evaluation is 1, so the arm supervised would learn the masks it is scored on.', {
    remedy: 'Give less, or leave that arm away.',
  });
}

/**
 * Checks every class and scan that a configuration names, reading no scan.
 *
 * @throws ConfigError for what the data set does not have, or a split that leaves a side empty.
 */
export function checkNames(dataset: Dataset, config: RunConfig): void {
  checkBound(config);
  const { evaluation } = splitScans(dataset, config);
  const { classes = [], supports, baselines } = config.evaluation;
  classIds(dataset, [...(config.training.exclude ?? []), ...classes]);
  const known = new Set(dataset.scans.map(({ id }) => id));
  const evaluated = evaluation.map(({ id }) => id);
  const named = [...supportIds(evaluated, supports), ...(Array.isArray(baselines.supports) ? baselines.supports : [])];
  const unknown = named.find((id) => !known.has(id));
  if (unknown === undefined) return;
  throw new ConfigError(`${dataset.name} has no scan ${JSON.stringify(unknown)}, which is to be a support.`, {
    remedy: `Give the name of one, such as ${evaluated.slice(0, 3).join(', ')}, or a position, -1 being the last.`,
  });
}
