import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CountRecord } from '@fsmr/metrics';
import { checkConfig } from '../config/load.js';
import type { RunConfigInput } from '../config/schema.js';
import { writeJson } from '../run/files.js';
import { runFolder } from '../run/folder.js';

export const madeUpVersions = {
  fsmr: '1.2.3',
  node: 'v20',
  tfjs: '4',
  backend: 'cpu',
  platform: 'p',
  processor: 'c',
  threads: 1,
};

/** Dice in percent by arm, class, support and rater; one query scan each. */
export type MadeUpDice = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>>
>;

/** A record whose Dice is a whole number of percent: 2 tp / (2 tp + fp + fn) with 2 tp + fp + fn = 100. */
function recordOf(percent: number, names: Omit<CountRecord, 'tp' | 'fp' | 'fn'>): CountRecord {
  if (percent % 2 !== 0) throw new RangeError('only even numbers can be made up');
  return { ...names, tp: percent / 2, fp: 0, fn: 100 - percent };
}

/** Writes an evaluated run folder without training anything. */
export async function madeUpRun(folder: string, changes: Partial<RunConfigInput>, dice: MadeUpDice): Promise<string> {
  const config = checkConfig({
    data: { kind: 'bubil', folder: '/data/bubil' },
    evaluation: { arms: Object.keys(dice) as ['base'] },
    ...changes,
  });
  const files = runFolder(folder);
  await writeJson(files.config, config);
  await writeJson(files.versions, madeUpVersions);
  const arms = Object.entries(dice).map(([arm, byClass]) => ({
    arm,
    supports: Object.entries(byClass).flatMap(([name, bySupport]) =>
      Object.keys(bySupport).map((support) => ({ support, class: name })),
    ),
  }));
  await writeJson(files.metrics, { config, versions: madeUpVersions, arms });
  await mkdir(join(folder, 'weights'), { recursive: true });
  await mkdir(join(folder, 'evaluation'), { recursive: true });
  await writeFile(files.weights('base'), `weights of seed ${config.seed}`);
  const lines = Object.entries(dice).flatMap(([arm, byClass]) =>
    Object.entries(byClass).flatMap(([name, bySupport]) =>
      Object.entries(bySupport).map(([support, byRater]) => {
        const records = Object.entries(byRater).map(([rater, percent]) =>
          recordOf(percent, { scan: support === 'q' ? 's' : 'q', support, rater, class: name }),
        );
        return JSON.stringify({ key: `${name}/${support}/q`, results: [{ arm, records }] });
      }),
    ),
  );
  await writeFile(files.records, `${lines.join('\n')}\n`);
  return folder;
}
