import { ConfigError } from '@fsmr/core';
import { pathsFrom } from '../config/load.js';
import { expandPreset } from '../config/presets.js';
import { configSchema, type RunConfig } from '../config/schema.js';
import { canonical, configHash, trainingIdentity } from '../report/config-identity.js';
import { joinedName } from '../run/file-names.js';
import type { AxisValue, Grid, Rule } from './grid.js';
import { mergePatch, touches } from './merge.js';

/** One run of a sweep. */
export interface Cell {
  /** The run's folder within the sweep: the labels of its axes. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly config: RunConfig;
  /** Names everything of the configuration that shapes the result. */
  readonly hash: string;
  /** Cells with the same text train the same weights. */
  readonly training: string;
}

interface Draft {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: ReadonlyMap<string, AxisValue>;
}

/**
 * The cells of a grid: every combination of axis values that rules leave, the first axis slowest. The order and the names
 * depend on the grid alone.
 *
 * @throws ConfigError where a cell's configuration is wrong, naming the key in the grid; where two cells are the same
 * experiment, or none is left.
 */
export function expandGrid(grid: Grid, file?: string): Cell[] {
  let drafts: Draft[] = [{ labels: {}, values: new Map() }];
  for (const [axis, values] of grid.axes) {
    drafts = drafts.flatMap((draft) =>
      values.map((value) => ({
        labels: { ...draft.labels, [axis]: value.label },
        values: new Map([...draft.values, [axis, value]]),
      })),
    );
  }
  const { include, exclude } = grid;
  const cells = drafts
    .filter(({ labels }) => include === undefined || include.some((rule) => matches(rule, labels)))
    .filter(({ labels }) => !exclude.some((rule) => matches(rule, labels)))
    .map((draft) => cellOf(grid, draft, file));
  if (cells.length === 0) {
    throw new ConfigError('its rules leave no cell.', { file, remedy: 'Change include or exclude.' });
  }
  for (const [index, cell] of cells.entries()) {
    const earlier = cells.findIndex(({ hash }) => hash === cell.hash);
    if (earlier < index) {
      throw new ConfigError(`cells ${cells[earlier]!.name} and ${cell.name} are the same experiment.`, {
        file,
        remedy: 'Let their axes change something, or exclude one.',
      });
    }
  }
  return cells;
}

/**
 * The cell that others of the grid are variants of: the first of the same data, setting, method, seed and fold. So it is
 * known where that cell failed, or another machine has it.
 */
export function referenceOf(cell: Cell, cells: readonly Cell[]): Cell {
  const family = ({ config }: Cell): string => {
    const { data, model, seed, split, training } = config;
    return canonical([data, model.method, seed, split.fold, training.exclude ?? null]);
  };
  const own = family(cell);
  return cells.find((other) => family(other) === own) ?? cell;
}

function matches(rule: Rule, labels: Readonly<Record<string, string>>): boolean {
  return [...rule].every(([axis, wanted]) => wanted.includes(labels[axis]!));
}

function cellOf(grid: Grid, { labels, values }: Draft, file?: string): Cell {
  const names = Object.values(labels);
  const name = names.length === 0 ? 'run' : joinedName(names);
  let merged: unknown = grid.base;
  for (const { patch } of values.values()) merged = mergePatch(merged, patch);
  const result = configSchema.safeParse(expandPreset(merged, file));
  if (!result.success) {
    const faults = result.error.issues.flatMap((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
      return keys.map((key) => {
        const path = key === undefined ? issue.path : [...issue.path, key];
        return `${sourceOf(grid, values, path)}: ${key === undefined ? issue.message : 'there is no such key'}`;
      });
    });
    throw new ConfigError(`cell ${name}: ${faults.join('; ')}.`, {
      file,
      remedy: 'See `fsmr train --help` for the keys of a configuration.',
    });
  }
  const title = [result.data.name ?? grid.name, ...names].filter((part) => part !== undefined).join(', ');
  const config = { ...pathsFrom(result.data, grid.folder), name: title };
  return { name, labels, config, hash: configHash(config), training: trainingIdentity(config) };
}

/** Where in the grid a key of a cell was written: the last axis that says something about it, or the base. */
function sourceOf(grid: Grid, values: ReadonlyMap<string, AxisValue>, path: readonly PropertyKey[]): string {
  const dotted = path.map(String).join('.');
  const axis = [...values].findLast(([, { patch }]) => touches(patch, path));
  if (axis === undefined) return dotted === '' ? 'base' : `base.${dotted}`;
  const [name, value] = axis;
  return `axes.${name}.${grid.axes.get(name)!.indexOf(value)}.${dotted}`;
}
