import { basename } from 'node:path';
import { InputError } from '@fsmr/core';
import type { CountRecord } from '@fsmr/metrics';
import { withoutPlaces } from '../config/places.js';
import type { RunConfig } from '../config/schema.js';
import { learningSettings } from '../run/evaluation-tasks.js';
import { canonical, protocolOf } from './config-identity.js';
import type { RunResults } from './run-results.js';
import { labelVariants } from './variants.js';

/** What one training seed (and fold) of an experiment gave. */
export interface Repeat {
  /** The seed, with the fold where it is not the first. */
  readonly name: string;
  readonly seed: string;
  /** Counts of all runs of this repeat, by arm. */
  readonly records: ReadonlyMap<string, readonly CountRecord[]>;
}

/** Runs that differ in nothing but their seed, and in Setting 2 in the class that was left out of training. */
export interface Experiment {
  readonly dataset: string;
  /** `1`, or `2` where the tested classes were left out of training. */
  readonly setting: '1' | '2';
  /** A key of `model.method`. */
  readonly method: string;
  /** What sets it apart from other experiments of the same data, setting and method. */
  readonly variant: string;
  /** Whether it is the first experiment of its data, setting and method, with which variants are compared. */
  readonly isReference: boolean;
  /** Whether another seed draws other data, as the phantom does; scans of the same name are then different cases. */
  readonly seededData: boolean;
  readonly repeats: readonly Repeat[];
  readonly runs: readonly RunResults[];
}

/**
 * Puts runs together that are repeats of each other, in the order given.
 *
 * @throws InputError where two runs evaluated the same episode with the same seed.
 */
export function groupRuns(runs: readonly RunResults[]): Experiment[] {
  const datasets = datasetNames(runs);
  const groups: Group[] = [];
  for (const run of runs) {
    const key = canonical([placeOf(run, datasets), variantKey(run.config)]);
    const learning = learningKey(run.config);
    const fits = (own: Group): boolean =>
      own.key === key && (own.learning === learning || own.learning === undefined || learning === undefined);
    const known = groups.find(fits);
    if (known === undefined) groups.push({ key, learning, members: [run] });
    else {
      known.members.push(run);
      known.learning ??= learning;
    }
  }
  const experiments = groups.map(({ members }): Experiment => {
    const { config } = members[0]!;
    return {
      ...placeOf(members[0]!, datasets),
      variant: '',
      isReference: true,
      seededData: config.data.kind === 'phantom',
      repeats: repeatsOf(members),
      runs: members,
    };
  });
  return labelVariants(experiments);
}

/** Runs of one experiment while they are put together. */
interface Group {
  readonly key: string;
  /** How the networks that learn in the evaluation do; undefined while no member has one. */
  learning: string | undefined;
  readonly members: RunResults[];
}

function placeOf(run: RunResults, datasets: ReadonlyMap<string, string>) {
  const { config } = run;
  return {
    dataset: datasets.get(dataKey(run))!,
    setting: settingOf(config),
    method: config.model.method,
  };
}

function settingOf({ training }: RunConfig): '1' | '2' {
  return training.exclude === undefined ? '1' : '2';
}

/**
 * What tells data sets apart. Cells of a sweep may come from machines that keep the same data in other places; of runs that
 * were only named together nobody knows that, and two folders `cases` are two data sets.
 */
function dataKey({ config, labels }: RunResults): string {
  return canonical((labels === undefined ? config : withoutPlaces(config)).data);
}

/** A short name for each data set; those of one name are numbered. */
function datasetNames(runs: readonly RunResults[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const run of runs) {
    const key = dataKey(run);
    if (names.has(key)) continue;
    const { data } = run.config;
    const name = data.kind === 'folder' || data.kind === 'prepared' ? basename(data.folder) : data.kind;
    const alike = [...names.values()].filter((known) => known === name || known.startsWith(`${name} (`)).length;
    names.set(key, alike === 0 ? name : `${name} (${alike + 1})`);
  }
  return names;
}

/**
 * All that makes an experiment another one: seed, fold, which classes are tested and where files lie do not. One support for
 * all and a mean over many does, as these are two protocols (evaluation section 9.7).
 */
function variantKey(config: RunConfig): unknown {
  const { resize, split, model, training, evaluation } = withoutPlaces(config);
  const { exclude: _setting, checkpointEvery: _notShaping, ...shaping } = training;
  return { resize, evaluation: split.evaluation, model, training: shaping, ...protocolOf(evaluation) };
}

/** How networks learn in an evaluation, which makes another experiment too; undefined where there are none. */
function learningKey({ evaluation }: RunConfig): string | undefined {
  const settings = learningSettings(evaluation);
  return settings === undefined ? undefined : canonical(settings);
}

function repeatsOf(runs: readonly RunResults[]): Repeat[] {
  const repeats = new Map<string, { readonly seed: string; readonly members: RunResults[] }>();
  for (const run of runs) {
    const seed = String(run.config.seed);
    const { fold } = run.config.split;
    const name = fold === 0 ? seed : `${seed} fold ${fold}`;
    const known = repeats.get(name);
    if (known === undefined) repeats.set(name, { seed, members: [run] });
    else known.members.push(run);
  }
  return [...repeats].map(([name, { seed, members }]) => ({ name, seed, records: united(members) }));
}

/**
 * The records of several runs, each episode once.
 *
 * @throws InputError where a run tested none of the classes that were left out of its training, or two hold one episode.
 */
function united(runs: readonly RunResults[]): Map<string, CountRecord[]> {
  const all = new Map<string, CountRecord[]>();
  const owners = new Map<string, Owned>();
  for (const run of runs) {
    if ([...run.records.values()].every((list) => tested(list, run.config).length === 0)) {
      throw new InputError(`tested no class that its training left out (${run.config.training.exclude?.join(', ')}).`, {
        file: run.folder,
        remedy: 'Evaluate such a class, or leave this run out.',
      });
    }
    for (const [arm, list] of run.records) {
      const fresh = tested(list, run.config).filter((record) => {
        const { scan, support, rater, class: name } = record;
        const key = JSON.stringify([arm, scan, support, rater, name]);
        const owned = owners.get(key);
        if (owned === undefined || owned.run === run) {
          owners.set(key, { run, record });
          return true;
        }
        checkShared(owned, { run, record });
        return false;
      });
      all.set(arm, [...(all.get(arm) ?? []), ...fresh]);
    }
  }
  return all;
}

interface Owned {
  readonly run: RunResults;
  readonly record: CountRecord;
}

/** Two evaluations of one training may share arms, whose counts are then the same; anything else is a mistake. */
function checkShared(known: Owned, other: Owned): void {
  const [one, two] = [known.record, other.record];
  const alike = one.tp === two.tp && one.fp === two.fp && one.fn === two.fn;
  if (alike && canonical(known.run.config.evaluation) !== canonical(other.run.config.evaluation)) return;
  throw new InputError(`holds the same experiment with the same seed as ${known.run.folder}.`, {
    file: other.run.folder,
    remedy: 'Leave one of the two out.',
  });
}

/** In Setting 2 only the classes that did not train are a test. */
function tested(records: readonly CountRecord[], { training: { exclude } }: RunConfig): readonly CountRecord[] {
  return exclude === undefined ? records : records.filter((record) => exclude.includes(record.class));
}
