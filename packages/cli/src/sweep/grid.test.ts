import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sameTraining } from '../run/adopt.js';
import { expandGrid } from './cells.js';
import { checkGrid, loadGrid } from './grid.js';
import { mergePatch, touches, underKey } from './merge.js';
import { planCells } from './plan.js';

const base = { data: { kind: 'phantom' }, training: { steps: 10, styles: 'mild' } };
const gridOf = (axes: unknown, more: object = {}) => checkGrid({ base, axes, ...more }, { folder: '/grid', base });
const cellsOf = (axes: unknown, more: object = {}) => expandGrid(gridOf(axes, more));

describe('mergePatch', () => {
  it('merges objects, replaces the rest and takes away what is null', () => {
    const target = { a: { b: 1, c: [1, 2] }, d: 'text' };
    expect(mergePatch(target, { a: { c: [3], e: { f: null, g: 1 } }, d: null })).toEqual({
      a: { b: 1, c: [3], e: { g: 1 } },
    });
    expect(target).toEqual({ a: { b: 1, c: [1, 2] }, d: 'text' });
  });

  it('is idempotent, changes nothing where nothing is said, and knows what it touches', () => {
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        for (const key of Object.keys(target)) {
          if (!touches(patch, [key])) expect(once).toHaveProperty([key], target[key]);
        }
      }),
    );
    expect(touches(underKey('training.steps', 3), ['training', 'steps'])).toBe(true);
    expect(touches(underKey('training.steps', 3), ['training', 'styles'])).toBe(false);
  });
});

describe('expandGrid', () => {
  it('makes every combination once, the first axis slowest, with folder names of its labels', () => {
    const cells = cellsOf({
      method: ['alpnet', 'dspnet'],
      'training.steps': [10, 20],
      ablation: [{ name: 'full' }, { name: 'no styles', training: { styles: 'none' } }],
    });
    expect(cells.map(({ name }) => name)).toEqual([
      'alpnet_steps-10_full',
      'alpnet_steps-10_no-styles',
      'alpnet_steps-20_full',
      'alpnet_steps-20_no-styles',
      'dspnet_steps-10_full',
      'dspnet_steps-10_no-styles',
      'dspnet_steps-20_full',
      'dspnet_steps-20_no-styles',
    ]);
    expect(cells[3]!.labels).toEqual({ method: 'alpnet', 'training.steps': 'steps 20', ablation: 'no styles' });
    expect(cells[3]!.config).toMatchObject({
      name: 'alpnet, steps 20, no styles',
      model: { method: 'alpnet' },
      training: { steps: 20, styles: 'none' },
    });
    expect(cells[2]!.config.training.styles).toBe('mild');
  });

  it('has as many cells as the product of its axes, unique names and the same order every time', () => {
    const axis = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(axis, axis, axis, (seeds, folds, steps) => {
        const axes = { seed: seeds, 'split.fold': folds, 'training.steps': steps.map((step) => 2 * step) };
        const cells = cellsOf(axes);
        expect(cells).toHaveLength(seeds.length * folds.length * steps.length);
        for (const key of ['name', 'hash', 'training'] as const)
          expect(new Set(cells.map((cell) => cell[key])).size).toBe(cells.length);
        expect(cellsOf(axes)).toEqual(cells);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves cells out by rules', () => {
    const axes = { method: ['alpnet', 'dspnet'], seed: [1, 2, 3] };
    const names = (rules: object) => cellsOf(axes, rules).map(({ name }) => name);
    expect(names({ exclude: [{ method: 'dspnet', seed: [2, 3] }] })).toEqual([
      'alpnet_1',
      'alpnet_2',
      'alpnet_3',
      'dspnet_1',
    ]);
    expect(names({ include: [{ seed: 2 }, { method: 'dspnet' }], exclude: [{ seed: 1 }] })).toEqual([
      'alpnet_2',
      'dspnet_2',
      'dspnet_3',
    ]);
    expect(() => names({ include: [{ seed: 1 }], exclude: [{ seed: 1 }] })).toThrow('leave no cell');
  });

  it.each([
    [{ a: [{ name: 'x', training: { stpes: 4 } }] }, 'cell x: axes.a.0.training.stpes: there is no such key'],
    [{ a: [{ name: 'x' }, { name: 'y', model: { method: 'unet' } }] }, 'cell y: axes.a.1.model.method: Invalid option'],
    [{ a: [{ name: 'x', model: { methodOptions: { scale: -1 } } }] }, 'axes.a.0.model.methodOptions.scale: Too small'],
    [{ 'training.stepz': [1] }, 'axes.training.stepz.0.training.stepz: there is no such key'],
    [{ a: [{ name: 'x', data: null }] }, 'axes.a.0.data:'],
    [{ a: [{ training: {} }] }, 'axes.a.0.name: a name is wanted'],
    [{ a: [[1]] }, 'axes.a.0: a text, a number'],
    [{ a: [] }, 'axes.a:'],
    [{ seed: [1, 1] }, 'axes.seed.1: its name makes the same folder as that of axes.seed.0'],
    [{ a: [{ name: 'a b' }, { name: 'a/b' }] }, 'axes.a.1: its name makes the same folder'],
    [{ a: [{ name: '..' }] }, 'axes.a.0: its name needs a letter or a digit'],
    [{ a: [{ name: 'x' }, { name: 'y' }] }, 'cells x and y are the same experiment'],
  ])('names what is wrong in %j', (axes, fault) => {
    expect(() => cellsOf(axes)).toThrow(fault);
    try {
      cellsOf(axes);
    } catch (error) {
      expect(error).toMatchObject({ code: 'config' });
    }
  });

  it.each([
    [{ exclude: [{ sed: 1 }] }, 'exclude.0.sed: there is no such axis, only seed'],
    [{ include: [{ seed: 9 }] }, 'include.0.seed: the axis has no "9", only 1, 2'],
    [{ axis: {} }, 'Unrecognized key: "axis"'],
  ])('names what is wrong in %j', (more, fault) => {
    expect(() => cellsOf({ seed: [1, 2] }, more)).toThrow(fault);
  });

  it('names the base where the fault is there', () => {
    const wrong = { ...base, training: { steps: 'many' } };
    const grid = checkGrid({ base: wrong, axes: { seed: [1] } }, { folder: '/', base: wrong, file: 'g.json' });
    expect(() => expandGrid(grid, 'g.json')).toThrow('g.json: cell 1: base.training.steps: Invalid input');
  });
});

describe('planCells', () => {
  const settings = [
    { name: 'all' },
    { name: 'liver', evaluation: { classes: ['liver'] } },
    { name: 'without liver', training: { exclude: ['liver'] } },
  ];

  it('lets cells that differ in their evaluation alone train once', () => {
    const plan = planCells(cellsOf({ seed: [1, 2], setting: settings }));
    expect(plan.map(({ cell, trainedBy }) => [cell.name, trainedBy?.name])).toEqual([
      ['1_all', undefined],
      ['1_liver', '1_all'],
      ['1_without-liver', undefined],
      ['2_all', undefined],
      ['2_liver', '2_all'],
      ['2_without-liver', undefined],
    ]);
  });

  it('trains anew for every key that a run folder tells apart', () => {
    const changes = [
      { resize: 64 },
      { split: { fold: 1 } },
      { data: { kind: 'phantom', scans: 30 } },
      { model: { japc: { operator: 'gate' } } },
      { training: { boundWeight: 1 } },
    ];
    for (const [index, change] of changes.entries()) {
      const plan = planCells(cellsOf({ setting: [{ name: 'given' }, { name: 'changed', ...change }] }));
      const [given, changed] = plan.map(({ cell }) => cell.config);
      expect(sameTraining(given!, changed!), String(index)).toBe(false);
      expect(plan.map(({ trainedBy }) => trainedBy)).toEqual([undefined, undefined]);
    }
  });

  it('divides cells between shards, each once, those that share training together', () => {
    const cells = cellsOf({ seed: [1, 2, 3], setting: settings });
    for (const count of [1, 2, 3, 7]) {
      const shares = Array.from({ length: count }, (_, index) => planCells(cells, { index: index + 1, count }));
      expect(
        shares
          .flat()
          .map(({ cell }) => cell.name)
          .sort(),
      ).toEqual(cells.map(({ name }) => name).sort());
      for (const share of shares) {
        const names = share.map(({ cell }) => cell.name);
        for (const { trainedBy } of share) if (trainedBy !== undefined) expect(names).toContain(trainedBy.name);
      }
    }
  });
});

describe('loadGrid', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fsmr-grid-'));
    await mkdir(join(folder, 'configs'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads a base by name, and paths from where they are written', async () => {
    const file = join(folder, 'grid.json');
    const written = { data: { kind: 'folder', folder: '../cases' }, model: { weights: 'w.pth' } };
    await writeFile(join(folder, 'configs', 'base.json'), JSON.stringify(written));
    const axes = { start: [{ name: 'theirs' }, { name: 'ours', model: { weights: 'own.npz' } }] };
    await writeFile(file, JSON.stringify({ base: 'configs/base.json', axes }));
    const cells = expandGrid(await loadGrid(file), file);
    expect(cells.map(({ config }) => config.model.weights)).toEqual([
      join(folder, 'configs', 'w.pth'),
      join(folder, 'own.npz'),
    ]);
    expect(cells[0]!.config.data).toMatchObject({ folder: join(folder, 'cases') });
  });

  it('takes the example', async () => {
    const file = fileURLToPath(new URL('../../../../examples/sweep/phantom.json', import.meta.url));
    const cells = expandGrid(await loadGrid(file), file);
    expect(cells.map(({ labels }) => labels.ablation)).toContain('no styles');
    expect(planCells(cells)).toHaveLength(8);
  });

  it('says which file is wrong', async () => {
    const file = join(folder, 'wrong.json');
    await expect(loadGrid(file)).rejects.toMatchObject({ code: 'config', file });
    await writeFile(file, '{"base":"nowhere.json","axes":{}}');
    await expect(loadGrid(file)).rejects.toMatchObject({ code: 'config', file: join(folder, 'nowhere.json') });
    await writeFile(file, '{"base":');
    await expect(loadGrid(file)).rejects.toThrow('is not JSON');
    await writeFile(file, '[]');
    await expect(loadGrid(file)).rejects.toThrow('the grid: Invalid input');
  });
});
