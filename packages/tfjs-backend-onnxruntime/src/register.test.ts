import { isFsmrError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { OnnxRuntimeBackend } from './backend.js';
import { registerOnnxRuntimeBackend, setOnnxRuntimeThreads, unregisterOnnxRuntimeBackend } from './register.js';

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isFsmrError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('registerOnnxRuntimeBackend', () => {
  it('registers every kernel of the cpu backend, and more', () => {
    registerOnnxRuntimeBackend({ name: 'all', threads: 1 });
    const names = (backend: string) => new Set(tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName));
    const here = names('all');
    expect([...names('cpu')].filter((name) => !here.has(name))).toEqual([]);
    expect([...here].filter((name) => name.startsWith('Fsmr')).sort()).toEqual([
      'FsmrBatchNormTrain',
      'FsmrBatchNormTrainGrad',
      'FsmrBlend',
      'FsmrConv2DBackpropFilter',
      'FsmrConv2DBackpropInput',
      'FsmrRunGraph',
      'FsmrSgdSteps',
    ]);
    unregisterOnnxRuntimeBackend('all');
    expect(tf.getKernelsForBackend('all')).toEqual([]);
    expect(tf.findBackendFactory('all')).toBeNull();
  });

  it('says what is wrong with a setting or a name', () => {
    expect(errorOf(() => registerOnnxRuntimeBackend({ threads: 0 }))).toBe(
      'config: threads is 0, but must be a whole number not below 1.',
    );
    expect(errorOf(() => registerOnnxRuntimeBackend({ maxPooledBytes: Number.NaN }))).toContain(
      'maxPooledBytes is NaN',
    );
    expect(errorOf(() => registerOnnxRuntimeBackend({ name: 'cpu' }))).toContain('named cpu is registered already');
  });
});

it('leaves backends alone that others registered', () => {
  unregisterOnnxRuntimeBackend('cpu');
  expect(tf.findBackendFactory('cpu')).not.toBeNull();
});

it('changes the number of threads and keeps the tensors', async () => {
  expect(errorOf(() => setOnnxRuntimeThreads(2, 'absent'))).toContain(
    'No backend of this package is registered as absent',
  );
  const name = registerOnnxRuntimeBackend({ name: 'threads', threads: 1, smallTensor: 0 });
  setOnnxRuntimeThreads(2, name);
  await tf.setBackend(name);
  const backend = tf.engine().registry[name] as unknown as OnnxRuntimeBackend;
  expect(backend.settings.threads).toBe(2);
  const x = tf.ones([40, 40]);
  const sum = () => tf.tidy(() => tf.sum(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D)).dataSync()[0]);
  expect(sum()).toBe(64_000);
  const compiled = backend.sessions.size();
  expect(compiled).toBeGreaterThan(0);
  setOnnxRuntimeThreads(2, name);
  expect(backend.sessions.size()).toBe(compiled);
  setOnnxRuntimeThreads(3, name);
  expect([backend.sessions.size(), backend.settings.threads]).toEqual([0, 3]);
  expect(sum()).toBe(64_000);
  expect(errorOf(() => setOnnxRuntimeThreads(0, name))).toContain('threads is 0');
  x.dispose();
  unregisterOnnxRuntimeBackend(name);
  expect(backend.sessions.size()).toBe(0);
});

it('wants whole numbers of threads', () => {
  expect(() => registerOnnxRuntimeBackend({ name: 'half', threads: 2.5 })).toThrow('threads is 2.5');
});
