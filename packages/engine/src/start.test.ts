import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeDiagnosis, doctor } from './doctor.js';
import { startEngine, startFirst } from './start.js';
import type { Candidate } from './types.js';

const broken: Candidate = {
  name: 'tfjs-node',
  tfjsName: 'tensorflow',
  remedy: 'Install it.',
  register: async () => {
    throw new Error('libtensorflow is missing\nand more');
  },
};
const cpu: Candidate = { name: 'cpu', tfjsName: 'cpu', remedy: '', register: async () => {} };

afterEach(() => vi.unstubAllEnvs());

describe('startEngine', () => {
  it('takes the first that works and says what kept the others', async () => {
    const engine = await startFirst([broken, cpu], {});
    expect(engine).toEqual({
      backend: 'cpu',
      reason: 'the fastest that starts here; 1 faster did not',
      failures: [{ backend: 'tfjs-node', cause: 'libtensorflow is missing', remedy: 'Install it.' }],
    });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('says all causes where none works', async () => {
    await expect(startFirst([broken], {})).rejects.toThrow('no backend starts: tfjs-node: libtensorflow is missing');
  });

  it('starts the native engine that comes with the packages', async () => {
    const { backend } = await startEngine({ backend: 'onnxruntime', threads: 1 });
    expect(backend).toBe('onnxruntime');
    expect(tf.getBackend()).toBe('onnxruntime');
  });

  it('obeys the environment, and the option before it', async () => {
    vi.stubEnv('FSMR_BACKEND', 'cpu');
    expect((await startEngine()).backend).toBe('cpu');
    expect((await startEngine({ backend: 'onnxruntime' })).backend).toBe('onnxruntime');
  });

  it('does not fall back from what was asked for', async () => {
    vi.stubEnv('FSMR_BACKEND', 'abacus');
    await expect(startEngine()).rejects.toThrow('there is no backend "abacus". Choose one of tfjs-node-gpu');
  });
});

describe('doctor', () => {
  it('examines the engine', async () => {
    const diagnosis = await doctor({ backend: 'onnxruntime', threads: 1 });
    expect(diagnosis.relativeError).toBeLessThan(1e-5);
    expect(diagnosis.matrixGflops).toBeGreaterThan(0);
    expect(describeDiagnosis(diagnosis)).toContain('Engine: onnxruntime, asked for');
  });
});
