import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@fsmr/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig, loadConfig } from './load.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

const phantom = { kind: 'phantom' };

describe('checkConfig', () => {
  it('fills in every default', () => {
    const config = checkConfig({ data: phantom });
    expect(config).toMatchObject({
      seed: 1234,
      data: { scans: 24, size: 128, raters: 4 },
      split: { evaluation: 0.5, fold: 0 },
      model: { backbone: 'tiny', method: 'alpnet' },
      training: { steps: 400, learningRate: 1e-3, styles: 'rich' },
      evaluation: { supports: 'all', arms: ['base', 'japc', 'consensus'] },
    });
    // A saved configuration is one again.
    expect(checkConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ data: phantom, modle: {} }, 'modle'],
    [{ data: { ...phantom, scan: 3 } }, 'scan'],
    [{ data: phantom, training: { steps: 'many' } }, 'training.steps'],
    [{ data: phantom, training: { steps: 1 } }, 'training.steps'],
    [{ data: phantom, training: { learningRate: -1 } }, 'training.learningRate'],
    [{ data: phantom, training: { styles: 'wild' } }, 'training.styles'],
    [{ data: phantom, split: { evaluation: 2 } }, 'split.evaluation'],
    [{ data: phantom, resize: 1e6 }, 'resize'],
    [{ data: phantom, evaluation: { arms: [] } }, 'evaluation.arms'],
    [{ data: phantom, model: { backbone: 'resnet51' } }, 'model.backbone'],
    [{ data: phantom, model: { methodOptions: { protoGridSise: 4 } } }, 'model.methodOptions'],
    [{ data: phantom, model: { method: 'qnet', methodOptions: { protoGridSize: 4 } } }, 'model.methodOptions'],
    [{ data: phantom, model: { japc: { operator: 'softmax' } } }, 'model.japc.operator'],
    [{ data: phantom, model: { japc: { temprature: 2 } } }, 'model.japc'],
    [{ data: { kind: 'folder' } }, 'data.folder'],
    [{ data: { kind: 'unheard-of' } }, 'data.kind'],
    [{}, 'data'],
    [[], 'the configuration'],
    [null, 'the configuration'],
  ])('names the key at fault: %j', (value, key) => {
    const check = () => checkConfig(value, 'run.json');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(/^run\.json: .*See `fsmr train --help`/);
    expect(check).toThrow(key);
  });

  it('says all faults at once', () => {
    const check = () => checkConfig({ data: phantom, seed: 1.5, training: { steps: 0, momentum: 1 } });
    expect(check).toThrow(/seed: .*training\.steps: .*training\.momentum: /);
  });
});

describe('loadConfig', () => {
  it('starts relative paths at the folder of the file', async () => {
    const file = join(folder, 'run.json');
    await writeFile(file, JSON.stringify({ data: { kind: 'folder', folder: 'cases' }, model: { weights: 'w.pth' } }));
    const { data, model } = await loadConfig(file);
    expect(data).toMatchObject({ folder: join(folder, 'cases') });
    expect(model.weights).toBe(join(folder, 'w.pth'));
  });

  it('takes every example', async () => {
    const examples = fileURLToPath(new URL('../../../../examples/', import.meta.url));
    const folders = ['phantom', 'presets', 'real-images'];
    const found = await Promise.all(folders.map(async (name) => [name, await readdir(join(examples, name))] as const));
    const configs = found.flatMap(([name, files]) =>
      files.filter((file) => file.endsWith('.json')).map((file) => join(name, file)),
    );
    expect(configs.length).toBeGreaterThanOrEqual(11);
    for (const name of configs) await expect(loadConfig(join(examples, name)), name).resolves.toHaveProperty('data');
  });

  it('names a file that is missing, or no JSON', async () => {
    const missing = join(folder, 'missing.json');
    await expect(loadConfig(missing)).rejects.toMatchObject({
      code: 'config',
      file: missing,
      remedy: expect.stringContaining('path'),
    });
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{ "data": { "kind": "phantom" }, }');
    await expect(loadConfig(broken)).rejects.toMatchObject({
      code: 'config',
      file: broken,
      remedy: expect.stringContaining('quotes'),
    });
    await expect(loadConfig(broken)).rejects.toThrow('is not JSON');
  });
});
