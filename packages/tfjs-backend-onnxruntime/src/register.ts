/** Makes the backend known to TensorFlow.js. */
import { availableParallelism, totalmem } from 'node:os';
import { ConfigError, EngineError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type BackendSettings, OnnxRuntimeBackend } from './backend.js';
import { nativeKernels, ownKernels } from './kernels/index.js';
import type { KernelCall, NativeKernel } from './kernels/kernel.js';
import { oneNode } from './kernels/kernel.js';
import { compile, feed } from './runtime/session.js';

/** Settings of the backend; all may be left out. */
export interface OnnxRuntimeOptions {
  /** The backend's name in TensorFlow.js; `onnxruntime` where left out. Backends of different names share nothing. */
  readonly name?: string;
  /** Threads a native operation may use; the number of processors where left out. */
  readonly threads?: number;
  /** Most compiled operations kept; 256 where left out. */
  readonly maxSessions?: number;
  /** Most bytes of freed memory kept for later tensors; a quarter of the machine's memory, at most 4 GiB, where left out. */
  readonly maxPooledBytes?: number;
  /**
   * Tensors with fewer elements, and products with fewer than eight times as many multiplications, are computed by
   * JavaScript kernels, which start quicker; 1024 where left out.
   */
  readonly smallTensor?: number;
  /** Precedence among registered backends when TensorFlow.js chooses; 4 where left out, one above webgl and wasm. */
  readonly priority?: number;
}

/**
 * Registers the backend under its name; `await tf.setBackend(name)` then uses it. Nothing happens at import.
 *
 * Every kernel the cpu backend has is registered: native where time is spent, the cpu backend's own elsewhere.
 *
 * @returns the name the backend was registered under.
 * @throws EngineError where ONNX Runtime cannot be loaded or does not compute, or the name is taken.
 * @throws ConfigError for settings that make no sense.
 */
export function registerOnnxRuntimeBackend(options: OnnxRuntimeOptions = {}): string {
  const name = options.name ?? 'onnxruntime';
  const settings = decide(options);
  if (tf.findBackendFactory(name) !== null) {
    throw new EngineError(`A TensorFlow.js backend named ${name} is registered already.`, {
      remedy: 'Choose another name, or remove it with unregisterOnnxRuntimeBackend.',
    });
  }
  check(settings);
  registerKernels(name);
  tf.registerBackend(name, () => new OnnxRuntimeBackend(settings), options.priority ?? 4);
  registered.set(name, settings);
  return name;
}

/** Settings of the backends that this package registered, by name. */
const registered = new Map<string, BackendSettings>();

/**
 * Changes how many threads the operations of a registered backend may use. Its tensors stay; its operations are compiled
 * anew when next needed.
 *
 * @throws EngineError where this package registered no backend of that name; ConfigError for a number that makes no sense.
 */
export function setOnnxRuntimeThreads(threads: number, name = 'onnxruntime'): void {
  const settings = registered.get(name);
  if (settings === undefined) {
    throw new EngineError(`No backend of this package is registered as ${name}.`, {
      remedy: 'Register it with registerOnnxRuntimeBackend.',
    });
  }
  decide({ ...settings, threads });
  if (threads === settings.threads) return;
  settings.threads = threads;
  const backend = tf.engine().registry[name];
  if (backend instanceof OnnxRuntimeBackend) backend.releasePrograms();
}

/**
 * Removes a backend that was registered here, with its kernels, and frees what it holds; its tensors are lost. Backends of
 * other packages stay.
 */
export function unregisterOnnxRuntimeBackend(name = 'onnxruntime'): void {
  if (!registered.delete(name)) return;
  if (tf.findBackendFactory(name) === null) return;
  tf.removeBackend(name);
  for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
}

function decide(options: OnnxRuntimeOptions): BackendSettings {
  const settings = {
    threads: options.threads ?? availableParallelism(),
    maxSessions: options.maxSessions ?? 256,
    maxPooledBytes: options.maxPooledBytes ?? Math.min(4 * 2 ** 30, totalmem() / 4),
    smallTensor: options.smallTensor ?? 1024,
  };
  const least = { threads: 1, maxSessions: 1, maxPooledBytes: 0, smallTensor: 0 };
  for (const [key, minimum] of Object.entries(least) as [keyof BackendSettings, number][]) {
    const isCount = key === 'threads' || key === 'maxSessions';
    const fits = isCount ? Number.isInteger(settings[key]) : Number.isFinite(settings[key]);
    if (!fits || settings[key] < minimum) {
      const kind = isCount ? 'whole number' : 'number';
      throw new ConfigError(`${key} is ${settings[key]}, but must be a ${kind} not below ${minimum}.`);
    }
  }
  return settings;
}

/** Computes one small product, so that a library that loads but does not work is found here and not in training. */
function check(settings: BackendSettings): void {
  const session = compile(oneNode('Mul', 2), settings);
  const out = feed(new Float32Array(2), [2]);
  session.into([feed(Float32Array.of(2, 3), [2]), feed(Float32Array.of(5, 7), [2])], [out]);
  session.dispose();
  if (out.data[0] !== 10 || out.data[1] !== 21) {
    throw new EngineError('ONNX Runtime loads on this machine, but does not write results where it should.', {
      remedy: 'Use another backend, for example wasm.',
    });
  }
}

function registerKernels(name: string): void {
  const borrowed = tf.getKernelsForBackend('cpu');
  if (borrowed.length === 0) {
    throw new EngineError("The kernels of TensorFlow.js's cpu backend are missing.", {
      remedy: 'Import @tensorflow/tfjs before registering this backend.',
    });
  }
  for (const config of borrowed) {
    const { kernelName, kernelFunc } = config;
    const native = nativeKernels[kernelName];
    tf.registerKernel({
      ...config,
      backendName: name,
      kernelFunc: native === undefined ? kernelFunc : nativeFirst(native, kernelFunc),
    });
  }
  for (const [kernelName, native] of Object.entries(ownKernels)) {
    tf.registerKernel({ kernelName, backendName: name, kernelFunc: native as unknown as tf.KernelFunc });
  }
}

const nativeFirst =
  (native: NativeKernel, fallback: tf.KernelFunc): tf.KernelFunc =>
  (params) =>
    native(params as unknown as KernelCall) ?? fallback(params);
