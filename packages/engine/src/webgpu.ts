import { EngineError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { importOptional } from './optional.js';
import type { EngineOptions } from './types.js';

interface Adapter {
  readonly info?: {
    readonly device?: string;
    readonly description?: string;
    readonly vendor?: string;
    readonly isFallbackAdapter?: boolean;
  };
}

interface Gpu {
  requestAdapter(options?: object): Promise<Adapter | null>;
}

/** Names of graphics processors that are programs. */
const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/**
 * Makes WebGPU known to TensorFlow.js in Node, through Dawn from the package `webgpu`. Results can be read by
 * `await tensor.data()` alone.
 *
 * @throws EngineError where there is no adapter, or only one in software and that was not asked for.
 */
export async function registerWebGpu({ softwareGpu = false }: EngineOptions): Promise<void> {
  const dawn = (await importOptional('webgpu')) as { create(options: string[]): Gpu; globals: object };
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new EngineError('Dawn finds no graphics adapter.');
  const { vendor = '', device = '', description = '', isFallbackAdapter = false } = adapter.info ?? {};
  const name = [vendor, device, description].join(' ').trim();
  if (!softwareGpu && (isFallbackAdapter || software.test(name))) {
    throw new EngineError(`the only graphics adapter is a program (${name}).`);
  }
  // TensorFlow.js looks for the browser's navigator.gpu.
  const navigator = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  await importOptional('@tensorflow/tfjs-backend-webgpu');
  explainSynchronousReads();
}

/** Makers of backends whose synchronous reads are explained. */
const explained = new WeakSet<object>();

/** TensorFlow.js reads from WebGPU synchronously through a canvas, which Node has not; its own error does not say so. */
function explainSynchronousReads(): void {
  const create = tf.findBackendFactory('webgpu');
  if (explained.has(create)) return; // a second start keeps the backend and its tensors
  tf.removeBackend('webgpu');
  const explaining = async (): Promise<tf.KernelBackend> => {
    const backend = await create();
    const readSync = backend.readSync.bind(backend);
    backend.readSync = (dataId) => {
      try {
        return readSync(dataId);
      } catch (cause) {
        if (!(cause instanceof ReferenceError)) throw cause;
        throw new EngineError('WebGPU in Node cannot read a tensor synchronously.', {
          remedy: 'Use await tensor.data(), or the backend onnxruntime.',
          cause,
        });
      }
    };
    return backend;
  };
  explained.add(explaining);
  tf.registerBackend('webgpu', explaining);
}
