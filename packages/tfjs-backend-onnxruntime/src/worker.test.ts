import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleProgram } from '../conformance/bundle.mjs';

const folder = mkdtempSync(join(tmpdir(), 'worker-'));
const here = fileURLToPath(new URL('.', import.meta.url));
const program = join(folder, 'program.mjs');
const stranded = join(folder, 'stranded.mjs');

beforeAll(async () => {
  const contents = `
    import * as tf from '@tensorflow/tfjs';
    import { parentPort } from 'node:worker_threads';
    import { registerOnnxRuntimeBackend } from './index.js';
    const report = (value) => (parentPort ? parentPort.postMessage(value) : console.log(JSON.stringify(value)));
    try {
      await tf.setBackend(registerOnnxRuntimeBackend({ threads: 1 }));
      const x = tf.ones([64, 64]);
      let y = x;
      for (let i = 0; i < 50; i++) y = tf.div(tf.matMul(y, x), 64);
      report({ sum: tf.sum(y).dataSync()[0] });
    } catch (error) {
      report({ code: error.code, message: error.message });
    }`;
  await bundleProgram(contents, here, program);
  await bundleProgram(contents, here, stranded, 'file:///nowhere/index.js');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(program);
    worker.once('message', (message) => worker.terminate().then(() => resolve(message)));
    worker.once('error', reject);
  });

it('computes in worker threads, one after another and at the same time', async () => {
  expect(await run()).toEqual({ sum: 4096 });
  expect(await Promise.all([run(), run()])).toEqual([{ sum: 4096 }, { sum: 4096 }]);
});

it('answers a missing library with a typed error and leaves the process alive', () => {
  const { stdout, status } = spawnSync(process.execPath, [stranded], {
    encoding: 'utf8',
    env: { ...process.env, NODE_PATH: '' },
  });
  expect(status).toBe(0);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    code: 'engine',
    message:
      'The package onnxruntime-node is not installed. Install it with: npm i onnxruntime-node@1.30.0 --ignore-scripts',
  });
});
