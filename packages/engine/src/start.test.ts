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

  it('passes by a backend that cannot be read synchronously', async () => {
    const asynchronous: Candidate = {
      ...cpu,
      name: 'webgpu',
      register: async () => {
        const backend = await tf.findBackendFactory('cpu')();
        backend.readSync = () => {
          throw new Error('no synchronous reads');
        };
        tf.registerBackend('asynchronous', () => backend);
        for (const kernel of tf.getKernelsForBackend('cpu')) {
          tf.registerKernel({ ...kernel, backendName: 'asynchronous' });
        }
        backend.read = async () => Float32Array.of(11);
      },
      tfjsName: 'asynchronous',
    };
    const { backend, failures } = await startFirst([asynchronous, cpu], {});
    tf.removeBackend('asynchronous');
    expect(backend).toBe('cpu');
    expect(failures).toMatchObject([{ backend: 'webgpu', cause: 'no synchronous reads' }]);
  });

  it('starts the native engine that comes with the packages', async () => {
    const { backend } = await startEngine({ backend: 'onnxruntime', threads: 1 });
    expect(backend).toBe('onnxruntime');
    expect(tf.getBackend()).toBe('onnxruntime');
  });

  it('changes the threads of an engine that runs already', async () => {
    await startEngine({ backend: 'onnxruntime', threads: 2 });
    const { settings } = tf.backend() as unknown as { settings: { threads: number } };
    expect(settings.threads).toBe(2);
    await startEngine({ backend: 'onnxruntime' });
    expect(settings.threads).toBe(2);
    await startEngine({ backend: 'onnxruntime', threads: 1 });
    expect(settings.threads).toBe(1);
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
    const said = vi.spyOn(console, 'warn');
    const before = tf.memory().numTensors;
    const diagnosis = await doctor({ backend: 'onnxruntime', threads: 1 });
    expect(tf.memory().numTensors).toBe(before);
    expect(said).not.toHaveBeenCalled();
    expect(diagnosis.relativeError).toBeLessThan(1e-5);
    expect(diagnosis.matrixGflops).toBeGreaterThan(0);
    expect(describeDiagnosis(diagnosis)).toContain('Engine: onnxruntime, asked for');
  });
});

describe('two starts at a time', () => {
  it('give the console its voice back', async () => {
    const { warn, error } = console;
    await Promise.all([startEngine({ backend: 'cpu' }), startEngine({ backend: 'cpu' })]);
    expect([console.warn, console.error]).toEqual([warn, error]);
  });
});

describe('threads that make no sense', () => {
  it.each(['onnxruntime', 'wasm', 'cpu', undefined] as const)('are refused before %s starts', async (name) => {
    for (const threads of [0, 1.5, Number.NaN]) {
      const options = name === undefined ? { threads } : { backend: name, threads };
      await expect(startEngine(options)).rejects.toMatchObject({ code: 'config' });
    }
  });
});
