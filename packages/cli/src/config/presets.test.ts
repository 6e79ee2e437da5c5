import { ConfigError } from '@fsmr/core';
import { describe, expect, it } from 'vitest';
import { deepMerge } from './deep-merge.js';
import { checkConfig, pathsFrom } from './load.js';
import { expandPreset, presetNames } from './presets.js';

const curvas = (preset: object, own: object = {}) =>
  checkConfig({ preset: { name: 'curvas', root: 'data/curvas', ...preset }, ...own });

describe('a preset', () => {
  // Datasets sections 8.6 and 8.7: which classes are tested and, in Setting 2, never seen.
  it.each([
    [1, 0, ['KIDNEY'], undefined],
    [1, 1, ['PANCREAS', 'LIVER'], undefined],
    [2, 0, ['KIDNEY'], ['KIDNEY']],
    [2, 1, ['PANCREAS', 'LIVER'], ['PANCREAS', 'LIVER']],
  ] as const)('of CURVAS, Setting %i, label set %i, tests %j', (setting, labelSet, tested, excluded) => {
    const config = curvas({ setting, labelSet });
    expect(config.evaluation.classes).toEqual(tested);
    expect(config.training.exclude).toEqual(excluded);
    expect(config.training).toMatchObject({
      steps: 50_000,
      raters: 3,
      learningRate: 1e-3,
      momentum: 0.9,
      weightDecay: 5e-4,
      decay: { factor: 0.95, every: 1000 },
      styles: 'rich',
      augmentation: 'sabs_aug',
    });
    expect(config.training.groups?.find(({ name }) => name === 'prototype-unit')?.learningRateFactor).toBe(1e-4);
    expect(config.data).toMatchObject({ folder: 'data/curvas/train', test: 'data/curvas/test' });
    expect(config.model).toMatchObject({ backbone: 'resnet101', method: 'alpnet' });
  });

  it('of QUBIQ has the budget and the raters of the paper, and the folders of its preparation', () => {
    const config = checkConfig({ preset: { name: 'qubiq-brain-growth', root: 'q' } });
    expect(config.training).toMatchObject({ steps: 10_000, raters: 7 });
    expect(config.evaluation.classes).toEqual(['BRAIN_GROWTH_1']);
    expect(config.data).toMatchObject({
      folder: 'q/brain-growth/task01/Training',
      test: 'q/brain-growth/task01/Validation',
    });
    for (const name of presetNames) {
      expect(checkConfig({ preset: { name, root: 'q' } }).evaluation.classes, name).not.toHaveLength(0);
    }
  });

  it('follows the method: its backbone and its schedule', () => {
    const config = curvas({}, { model: { method: 'rpt' } });
    expect(config.model).toMatchObject({ method: 'rpt', backbone: 'rpt' });
    expect(config.training).toMatchObject({ steps: 50_000, decay: { factor: 0.98, every: 5000 } });
  });

  it('gives way to keys of one’s own, and leaves a saved configuration as it is', () => {
    const config = curvas(
      {},
      { seed: 5, model: { backbone: 'tiny' }, training: { steps: 4 }, data: { test: 'other' } },
    );
    expect(config).toMatchObject({ seed: 5, model: { backbone: 'tiny', method: 'alpnet' } });
    expect(config.training).toMatchObject({ steps: 4, raters: 3 });
    expect(config.data).toMatchObject({ folder: 'data/curvas/train', test: 'other' });
    expect(checkConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
    expect(expandPreset(config)).toBe(config);
  });

  it('starts relative paths at the folder of the file, before and after it is written out', () => {
    const written = { preset: { name: 'curvas', root: 'data' } };
    const before = checkConfig(pathsFrom(written, '/experiments'));
    expect(before.data).toMatchObject({ folder: '/experiments/data/train', test: '/experiments/data/test' });
    expect(pathsFrom(checkConfig(written), '/experiments')).toEqual(before);
  });

  it.each([
    [{ name: 'curvs' }, 'preset.name'],
    [{ name: 'curvas', setting: 3 }, 'preset.setting'],
    [{ name: 'curvas', folds: 3 }, 'preset'],
    [{ name: 'qubiq-kidney', labelSet: 1 }, 'tests no class'],
    ['curvas', 'preset'],
  ])('is refused where it makes no sense: %j', (preset, fault) => {
    const check = () => checkConfig({ preset }, 'run.json');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(fault);
    expect(check).toThrow('run.json');
  });
});

it('deepMerge takes the second value but for objects, which it merges', () => {
  expect(deepMerge({ a: { b: 1, c: [1] }, d: 2 }, { a: { c: [2] }, d: { e: 3 } })).toEqual({
    a: { b: 1, c: [2] },
    d: { e: 3 },
  });
});
