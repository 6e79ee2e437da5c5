import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../config/schema.js';
import { runFolder } from '../run/folder.js';
import { groupRuns } from './experiments.js';
import { resultTables } from './result-tables.js';
import { type MadeUpDice, madeUpRun } from './results.fixture.js';
import { readRunResults } from './run-results.js';
import { scoresOf } from './scores.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-experiments-'));
});
afterAll(() => rm(folder, { recursive: true }));

const both = { x: { a: { anna: 40 }, b: { anna: 60 } }, y: { c: { anna: 20 } } };
const evaluation = { arms: ['base' as const], supports: ['a', 'b', 'c'] };

async function made(name: string, changes: Partial<RunConfigInput> = {}, base: MadeUpDice[string] = both) {
  return readRunResults(await madeUpRun(join(folder, name), { evaluation, ...changes }, { base: base! }));
}

describe('groupRuns', () => {
  it('unites the runs of Setting 2, each with the classes it did not train on', async () => {
    const setting1 = await made('setting 1');
    const withoutX = await made('without x', { training: { exclude: ['x'] } });
    const withoutY = await made('without y', { training: { exclude: ['y'] } });
    const experiments = groupRuns([setting1, withoutX, withoutY]);
    expect(experiments.map(({ setting, runs }) => [setting, runs.length])).toEqual([
      ['1', 1],
      ['2', 2],
    ]);
    expect(scoresOf(experiments[1]!)[0]!.byClass).toEqual(scoresOf(experiments[0]!)[0]!.byClass);
  });

  it('takes folds for repeats, and other data for another experiment', async () => {
    const folds = [await made('fold 0'), await made('fold 1', { split: { evaluation: 0.5, fold: 1 } })];
    const other = await made('other', { data: { kind: 'lidc', folder: '/data/lidc' } });
    const experiments = groupRuns([...folds, other]);
    expect(experiments.map(({ dataset }) => dataset)).toEqual(['bubil', 'lidc']);
    expect(experiments[0]!.repeats.map(({ name }) => name)).toEqual(['1234', '1234 fold 1']);
  });

  it('knows data and weights that cells of a sweep found elsewhere, and takes them apart where runs are only named', async () => {
    const at = (seed: number, place: string) => ({
      seed,
      data: { kind: 'folder' as const, folder: `${place}/cases` },
      model: { weights: `${place}/resnet.npz` },
    });
    const places = [await made('here', at(1, '/home/a')), await made('there', at(2, '/srv/b'))];
    const named = groupRuns(places);
    expect(named.map(({ dataset, repeats }) => [dataset, repeats.length])).toEqual([
      ['cases', 1],
      ['cases (2)', 1],
    ]);
    const cells = places.map((run, index) => ({ ...run, labels: { seed: String(index) } }));
    const [together, ...none] = groupRuns(cells);
    expect(none).toEqual([]);
    expect(together!.repeats.map(({ name }) => name)).toEqual(['1', '2']);
  });

  it('puts no variant in the place of the first cell of a grid where that is missing', async () => {
    const styles = await made('no styles', { training: { styles: 'none' } });
    const labelled = { ...styles, labels: { ablation: 'no styles', seed: '1' } };
    const reference = { ablation: 'full', seed: '1' };
    const [alone] = groupRuns([{ ...labelled, reference }]);
    expect([alone!.variant, alone!.isReference]).toEqual(['no styles', false]);
    expect(resultTables(groupRuns([{ ...labelled, reference }]))[0]!.byClass.rows).toEqual([]);
    const full = { ...(await made('full')), labels: reference, reference };
    expect(
      groupRuns([full, { ...labelled, reference }]).map(({ variant, isReference }) => [variant, isReference]),
    ).toEqual([
      ['full', true],
      ['no styles', false],
    ]);
  });

  it('takes the protocol of one support for another than that of many', async () => {
    const last = await made('last', { evaluation: { ...evaluation, supports: [-1] } }, { y: { c: { anna: 20 } } });
    const found = groupRuns([await made('all'), last]);
    expect(found.map(({ variant }) => variant)).toEqual(['as given', 'evaluation.support -1']);
  });

  it('names a run of Setting 2 that tested nothing its training left out', async () => {
    const run = await made('nothing tested', { training: { exclude: ['z'] } });
    expect(() => groupRuns([run])).toThrow('nothing tested: tested no class that its training left out (z).');
  });

  it('names variants after what differs', async () => {
    const names = groupRuns([
      await made('first'),
      await made('styles', { training: { styles: 'none', calibrationWeight: 0 } }),
      await made('operator', { model: { japc: { operator: 'gate' } } }),
      await made('small', { resize: 64 }),
      await made('dspnet', { model: { method: 'dspnet' } }),
    ]).map(({ variant, isReference }) => [variant, isReference]);
    expect(names).toEqual([
      ['as given', true],
      ['styles none, calibrationWeight 0', false],
      ['japc.operator gate', false],
      ['resize 64', false],
      ['as given', true],
    ]);
  });

  it('takes supports of the phantom for other cases with another seed', async () => {
    const data = { kind: 'phantom' as const };
    const seeds = [await made('p1', { data, seed: 1 }), await made('p2', { data, seed: 2 })];
    expect(scoresOf(groupRuns(seeds)[0]!)[0]!.cases).toHaveLength(6);
    const same = [await made('b1', { seed: 1 }), await made('b2', { seed: 2 })];
    expect(scoresOf(groupRuns(same)[0]!)[0]!.cases).toHaveLength(3);
  });

  it('refuses the same experiment twice', async () => {
    const twice = [await made('one'), await made('same')];
    expect(() => groupRuns(twice)).toThrow(/same: holds the same experiment with the same seed as .*one\./);
    const narrower = await made('other counts', { evaluation: { arms: ['base'] } }, { x: { a: { anna: 42 } } });
    expect(() => groupRuns([...twice.slice(1), narrower])).toThrow('holds the same experiment');
  });

  it('unites evaluations of one training, each episode once', async () => {
    const dice = { base: both, mrnet: { x: { a: { anna: 10 } } } };
    const more = { evaluation: { arms: ['base' as const, 'mrnet' as const], baselines: { supports: 1 } } };
    const wider = await readRunResults(await madeUpRun(join(folder, 'with mrnet'), more, dice));
    const [experiment, ...none] = groupRuns([await made('without'), wider]);
    expect(none).toEqual([]);
    const { records } = experiment!.repeats[0]!;
    expect([...records].map(([arm, list]) => [arm, list.length])).toEqual([
      ['base', 3],
      ['mrnet', 1],
    ]);
  });

  it('takes other settings of baselines for another variant where there are some', async () => {
    const arms = ['base' as const, 'mrnet' as const];
    const runs = [10, 50, 50].map(async (epochs, index) =>
      readRunResults(
        await madeUpRun(
          join(folder, `epochs ${index}`),
          { seed: index, evaluation: { arms, baselines: { epochs } } },
          { base: both, mrnet: both },
        ),
      ),
    );
    const named = groupRuns(await Promise.all(runs)).map((one) => [one.variant, one.runs.length]);
    expect(named).toEqual([
      ['as given', 1],
      ['baselines.epochs 50', 2],
    ]);
    const unused = [10, 50].map((epochs) =>
      made(`unused ${epochs}`, { seed: epochs, evaluation: { baselines: { epochs } } }),
    );
    expect(groupRuns(await Promise.all(unused))).toHaveLength(1);
  });
});

describe('readRunResults', () => {
  it('reads every shard, the last line of an episode, and only what the last evaluation asked for', async () => {
    const out = await madeUpRun(join(folder, 'shards'), { evaluation }, { base: both });
    const line = (key: string, support: string, arm = 'base') => {
      const record = { scan: 'q', support, rater: 'anna', class: 'x', tp: 1, fp: 1, fn: 1 };
      return `${JSON.stringify({ key, results: [{ arm, records: [record] }] })}\n`;
    };
    await appendFile(runFolder(out).records, line('x/a/q', 'a'));
    const shard = join(out, 'evaluation', 'records.2-of-2.jsonl');
    const lines = [line('y/b/q', 'b'), line('x/d/q', 'd'), line('x/b/q', 'b', 'japc'), '{"key":"x/'];
    await writeFile(shard, lines.join(''));
    const { records, weights, config } = await readRunResults(out);
    expect([...records.keys()]).toEqual(['base']);
    expect(records.get('base')!.map(({ support, tp }) => [support, tp])).toEqual([
      ['b', 1],
      ['a', 1],
      ['b', 30],
      ['c', 10],
    ]);
    expect(weights.base).toMatch(/^[0-9a-f]{64}$/);
    expect(config.evaluation.supports).toEqual(['a', 'b', 'c']);
  });

  it('finds a support that was asked for by its position', async () => {
    const asked = { evaluation: { arms: ['base' as const], supports: [-1] } };
    const out = await madeUpRun(join(folder, 'position'), asked, { base: { x: { b: { anna: 60 } } } });
    expect((await readRunResults(out)).records.get('base')!.map(({ support }) => support)).toEqual(['b']);
  });

  it('leaves out supports of an arm that the last tables do not have', async () => {
    const wide = { base: { x: both.x }, mrnet: { x: both.x } };
    const out = await madeUpRun(join(folder, 'fewer'), { evaluation: { arms: ['base', 'mrnet'] } }, wide);
    const metrics = JSON.parse(await readFile(runFolder(out).metrics, 'utf8'));
    metrics.arms[1].supports = [{ class: 'x', support: 'a' }];
    await writeFile(runFolder(out).metrics, JSON.stringify(metrics));
    const { records } = await readRunResults(out);
    expect([...records].map(([arm, list]) => [arm, list.map(({ support }) => support)])).toEqual([
      ['base', ['a', 'b']],
      ['mrnet', ['a']],
    ]);
  });

  it('says what is wrong with a folder', async () => {
    await expect(readRunResults(join(folder, 'nowhere'))).rejects.toThrow('holds no run');
    const out = await madeUpRun(join(folder, 'faulty'), { evaluation }, { base: both });
    await rm(runFolder(out).metrics);
    await expect(readRunResults(out)).rejects.toThrow('is not evaluated. Run `fsmr evaluate --run');
    const { config, versions } = JSON.parse(
      await readFile(runFolder(await madeUpRun(out, { evaluation }, { base: both })).metrics, 'utf8'),
    );
    await writeFile(runFolder(out).metrics, JSON.stringify({ config, versions }));
    await expect(readRunResults(out)).rejects.toThrow('holds no tables. Run `fsmr evaluate --run');
    await writeFile(runFolder(out).metrics, '{');
    await expect(readRunResults(out)).rejects.toMatchObject({ code: 'input', file: runFolder(out).metrics });
    await madeUpRun(out, { evaluation }, { base: both });
    await appendFile(runFolder(out).records, 'damaged\n');
    await expect(readRunResults(out)).rejects.toThrow('line 4 is damaged');
    await rm(runFolder(out).records);
    await expect(readRunResults(out)).rejects.toThrow('has no record of an episode');
  });
});
