import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as backend from './index.js';
import * as onnx from './onnx/index.js';

it('exports exactly this', () => {
  expect(Object.keys(backend).sort()).toEqual([
    'registerOnnxRuntimeBackend',
    'releaseGraph',
    'setOnnxRuntimeThreads',
    'unregisterOnnxRuntimeBackend',
  ]);
  expect(Object.keys(onnx).sort()).toEqual(['encodeModel', 'floats', 'integers', 'node']);
});

it('does what the README shows', async () => {
  const snippet = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/tfjs-backend-onnxruntime': backend, '@tensorflow/tfjs': tf };
  const { gradient } = (await runSnippet(snippet, modules, ['gradient'])) as { gradient: tf.Tensor };
  expect(tf.getBackend()).toBe('onnxruntime');
  expect(gradient.shape).toEqual([3, 3, 16, 32]);
  expect(gradient.dataSync()[(4 * 16 + 3) * 32 + 5]).toBeCloseTo(1 / 32, 6);
  tf.dispose(gradient);
});
