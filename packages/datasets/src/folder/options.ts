import { ConfigError } from '@fsmr/core';
import type { Modality } from '../types.js';

/** What `manifest.json` says of one case; any field may be missing. */
export type ManifestEntry = Readonly<Record<string, unknown>>;

/** How a folder of cases is read. */
export interface FolderOptions {
  /** Shown in reports; the folder's name when absent. */
  readonly name?: string;
  /**
   * Which files are raters: names in the order wanted, a pattern such as `*_amira`, or an expression. All files beside
   * the image when absent, in natural order of their names.
   */
  readonly raters?: readonly string[] | string | RegExp;
  /** Names of the foreground classes; their ids count from 1. One class `object` when absent. */
  readonly classes?: readonly string[];
  /**
   * What the masks of a case show: `prefix`, the class with which the case's name starts, or a function that answers a
   * class name. Masks then have two values. When absent, a folder of one class has masks of two values, and one of
   * several classes has label maps that hold class ids.
   */
  readonly classOf?: 'prefix' | ((id: string, entry: ManifestEntry) => string);
  /**
   * The group (patient) of a case: a field of the manifest that every case then has, or a function. When absent, the
   * manifest's `group` or `patient`, of all cases or of none.
   */
  readonly group?: string | ((id: string, entry: ManifestEntry) => string | undefined);
  readonly modality?: Modality;
}

/** Whether a file's stem names a rater that is wanted. @throws ConfigError where two of the names are equal */
export function raterFilter(raters: FolderOptions['raters']): (name: string) => boolean {
  if (raters === undefined) return () => true;
  if (raters instanceof RegExp) {
    // A global expression remembers where it stopped, which would make the answer depend on the last question.
    const expression = new RegExp(raters.source, raters.flags.replace(/[gy]/g, ''));
    return (name) => expression.test(name);
  }
  if (typeof raters === 'string') {
    const source = raters
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    const expression = new RegExp(`^${source}$`);
    return (name) => expression.test(name);
  }
  const wanted = new Set(raters);
  const twice = raters.find((name, index) => raters.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigError(`rater ${twice} is named twice.`, { rater: twice, remedy: 'Name each rater once.' });
  }
  return (name) => wanted.has(name);
}

/** Names in the order people count: `rater2` before `rater10`. */
export function naturalOrder(names: Iterable<string>): string[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return [...names].sort((a, b) => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * The group of a case.
 *
 * @throws ConfigError where the field that was asked for is not in the manifest: a case without group may be divided from
 * others of its patient
 */
export function groupOf(options: FolderOptions, id: string, entry: ManifestEntry): string | undefined {
  const { group } = options;
  if (typeof group === 'function') return group(id, entry);
  const value = group === undefined ? (entry.group ?? entry.patient) : entry[group];
  if (value !== undefined && value !== null) return String(value);
  if (group === undefined) return undefined;
  throw new ConfigError(`manifest.json says no ${JSON.stringify(group)} of case ${id}.`, {
    remedy: `Give its entry that field, or name in \`group\` the field that holds what must stay together.`,
  });
}

/** The class a case shows, an index into `classes`; undefined where masks are label maps. @throws ConfigError */
export function classIndexOf(
  options: FolderOptions,
  classes: readonly string[],
  id: string,
  entry: ManifestEntry,
): number | undefined {
  const { classOf } = options;
  if (classOf === undefined) return classes.length === 1 ? 0 : undefined;
  const name =
    classOf === 'prefix'
      ? // The longest name wins, so that `rat` does not take the cases of `rat_smooth_muscle`.
        [...classes].sort((a, b) => b.length - a.length).find((candidate) => id.startsWith(candidate))
      : classOf(id, entry);
  const index = name === undefined ? -1 : classes.indexOf(name);
  if (index < 0) {
    throw new ConfigError(`case ${id} belongs to none of the classes ${classes.join(', ')}.`, {
      remedy: 'Add its class to `classes`, or answer it in `classOf`.',
    });
  }
  return index;
}
