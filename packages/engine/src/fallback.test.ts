import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { candidates } from './candidates.js';
import { startFirst } from './start.js';

const folder = vi.hoisted(() => ({ url: '' }));
/** Where the backend looks for onnxruntime-node is this test's choice. */
vi.mock('node:module', async (original) => {
  const actual = await original<typeof import('node:module')>();
  return {
    ...actual,
    createRequire: (url: string) => actual.createRequire(url.includes('runtime/binding') ? folder.url : url),
  };
});

const root = mkdtempSync(join(tmpdir(), 'engine-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(async () => {
  await tf.setBackend('cpu');
});

/** A package onnxruntime-node of some release, as npm leaves it where its library for this platform is absent. */
function installed(release: string): void {
  const where = join(root, release, 'node_modules', 'onnxruntime-node');
  mkdirSync(join(where, 'dist'), { recursive: true });
  writeFileSync(join(where, 'package.json'), JSON.stringify({ name: 'onnxruntime-node', version: release }));
  writeFileSync(join(where, 'dist', 'binding.js'), `require('../bin/onnxruntime_binding.node');`);
  folder.url = pathToFileURL(join(root, release, 'index.js')).href;
}

const portable = candidates.filter(({ name }) => ['onnxruntime', 'wasm', 'cpu'].includes(name));
const remedy = 'npm i onnxruntime-node@1.30.0 --ignore-scripts';

describe('without a usable ONNX Runtime the engine says why and goes on with wasm', () => {
  it.each([
    [
      'its library is missing',
      '1.30.0',
      /^ONNX Runtime's library for \S+ could not be loaded \(Cannot find module '\.\.\/bin/,
    ],
    ['it is another release', '1.29.0', /^onnxruntime-node 1\.29\.0 is installed, but 1\.30\.0 is needed\./],
  ])('because %s', async (_case, release, cause) => {
    installed(release);
    const { backend, failures } = await startFirst(portable, {});
    expect(failures).toEqual([{ backend: 'onnxruntime', cause: expect.stringMatching(cause), remedy }]);
    expect(backend).toBe('wasm');
    expect(tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0])).toBe(11);
  });
});
