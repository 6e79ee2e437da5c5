import { ConfigError, InputError } from '@fsmr/core';
import type { ClassInfo, ClassMap, Dataset, ScanInfo } from '../types.js';
import { classSlices, readClassMap } from './class-map.js';
import { queryPart, supportSlices } from './support.js';

/** One class of one query scan, to be segmented with one support scan. */
export interface EvaluationEpisode {
  readonly supportScan: string;
  readonly classId: number;
  readonly className: string;
  /** The raters who are scored: those who drew the class in the support scan and outlined the query scan. */
  readonly raters: readonly string[];
  /** The support slice of each part. */
  readonly supportSlices: readonly number[];
  readonly queryScan: string;
  /** The query slices that are scored, ascending, and whose support slice they take. */
  readonly querySlices: readonly { readonly slice: number; readonly part: number }[];
}

/** A pair that cannot be evaluated, and why. */
export interface SkippedPair {
  readonly classId: number;
  readonly supportScan?: string;
  readonly queryScan?: string;
  readonly reason: string;
}

/** What is evaluated. */
export interface EvaluationOptions {
  /** Scans that serve as support: all, or ids, or positions (negative from the end). */
  readonly supports?: 'all' | readonly (string | number)[];
  /** Scans that are segmented; all when absent. A scan is never the query of itself. */
  readonly queries?: readonly string[];
  /** Class ids; all when absent. */
  readonly classes?: readonly number[];
  /** Support slices a scan; 3 as published. */
  readonly parts?: number;
  /** Whether a support of the query's own group (patient) is used; `skip` when absent. */
  readonly sameGroup?: 'skip' | 'keep';
  /** Where the classes are; read from the data set when absent. */
  readonly classMap?: ClassMap;
}

/** Episodes in the order class, support, query; made while they are walked through. */
export interface EvaluationPlan extends Iterable<EvaluationEpisode> {
  readonly parts: number;
  /** Scans that cannot be support or query for a class. */
  readonly skipped: readonly SkippedPair[];
}

/**
 * The published protocol as data (evaluation sections 9.1 to 9.4, 9.6, 9.7), without loading images: for each class and
 * each support scan, every other scan that shows the class. Scored are the slices from the first to the last one on
 * which any rater drew the class. Scans of which one cannot show the other's class are never paired.
 *
 * Missing raters: an episode has the raters who drew the class in the support scan and outlined the query scan at all.
 * A rater whose support masks of the class are all empty shows no style, and is left out and reported; an empty mask of
 * a query is a truth like any other, and so is one empty slice among others. Pairs without a common rater are passed over.
 * A scan or class that is named twice counts once.
 *
 * @throws InputError for an unknown scan, and what {@link readClassMap} throws; ConfigError for an unknown class or fewer than one part.
 */
export async function evaluationEpisodes(dataset: Dataset, options: EvaluationOptions = {}): Promise<EvaluationPlan> {
  const map = options.classMap ?? (await readClassMap(dataset));
  const { parts = 3, sameGroup = 'skip' } = options;
  const supports = chosenScans(dataset, options.supports ?? 'all');
  const queries = chosenScans(dataset, options.queries ?? 'all');
  const classes = chosenClasses(dataset, options.classes);
  const skipped: SkippedPair[] = [];
  const blocks = classes.map(({ id, name }) => {
    const mayShow = (scan: ScanInfo): boolean => scan.classes.includes(id);
    const shown = (scan: ScanInfo, place: 'supportScan' | 'queryScan'): boolean => {
      if (classSlices(map, scan.id, id).length > 0) return true;
      skipped.push({ classId: id, [place]: scan.id, reason: `no rater drew ${name} here.` });
      return false;
    };
    return {
      id,
      name,
      supports: supports.filter((scan) => mayShow(scan) && shown(scan, 'supportScan')),
      queries: queries.filter((scan) => mayShow(scan) && shown(scan, 'queryScan')),
    };
  });
  for (const { id, name, supports: own } of blocks) skipped.push(...idleRaters(map, own, id, name));

  function* episodes(): Generator<EvaluationEpisode> {
    for (const { id, name, supports: ofClass, queries: asked } of blocks) {
      for (const support of ofClass) {
        const slices = supportSlices(classSlices(map, support.id, id), parts);
        for (const query of asked) {
          const related = query.group !== undefined && query.group === support.group;
          if (query.id === support.id || (related && sameGroup === 'skip')) continue;
          const raters = dataset.raters.filter(
            (rater) => (map[support.id]?.[id]?.[rater]?.length ?? 0) > 0 && query.raters.includes(rater),
          );
          if (raters.length === 0) continue;
          yield {
            supportScan: support.id,
            classId: id,
            className: name,
            raters,
            supportSlices: slices,
            queryScan: query.id,
            querySlices: scoredSlices(classSlices(map, query.id, id), parts),
          };
        }
      }
    }
  }
  return { parts, skipped, [Symbol.iterator]: episodes };
}

function scoredSlices(slices: readonly number[], parts: number): EvaluationEpisode['querySlices'] {
  const [first, last] = [slices[0]!, slices.at(-1)!];
  return Array.from({ length: last - first + 1 }, (_unused, offset) => ({
    slice: first + offset,
    part: queryPart(first + offset, first, last, parts),
  }));
}

function idleRaters(map: ClassMap, supports: readonly ScanInfo[], classId: number, name: string): SkippedPair[] {
  return supports.flatMap(({ id, raters }) =>
    raters
      .filter((rater) => (map[id]?.[classId]?.[rater]?.length ?? 0) === 0)
      .map((rater) => ({
        classId,
        supportScan: id,
        reason: `rater ${rater} drew no ${name} here, so this support does not show that rater's style.`,
      })),
  );
}

function chosenScans({ name, scans }: Dataset, chosen: 'all' | readonly (string | number)[]): readonly ScanInfo[] {
  if (chosen === 'all') return scans;
  const found = chosen.map((key) => {
    const scan = typeof key === 'number' ? scans.at(key) : scans.find(({ id }) => id === key);
    if (scan === undefined) throw new InputError(`${name} has no scan ${key}.`);
    return scan;
  });
  return [...new Set(found)];
}

function chosenClasses({ name, classes }: Dataset, ids: readonly number[] | undefined): readonly ClassInfo[] {
  if (ids === undefined) return classes;
  return [...new Set(ids)].map((id) => {
    const found = classes.find((known) => known.id === id);
    if (found === undefined) throw new ConfigError(`${name} has no class ${id}.`);
    return found;
  });
}
