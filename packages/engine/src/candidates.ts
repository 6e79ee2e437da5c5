import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { registerOnnxRuntimeBackend, setOnnxRuntimeThreads } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';
import { importOptional } from './optional.js';
import type { Candidate, EngineOptions } from './types.js';
import { registerWebGpu } from './webgpu.js';

async function registerWasm({ threads }: EngineOptions): Promise<void> {
  const wasm = (await importOptional('@tensorflow/tfjs-backend-wasm')) as {
    setWasmPaths?: (path: string) => void;
    setThreadsCount?: (threads: number) => void;
    default?: { setWasmPaths(path: string): void; setThreadsCount(threads: number): void };
  };
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  (wasm.setWasmPaths ?? wasm.default!.setWasmPaths)(`${dirname(entry)}/`);
  if (threads !== undefined) (wasm.setThreadsCount ?? wasm.default!.setThreadsCount)(threads);
}

/** All backends, fastest first. */
export const candidates: readonly Candidate[] = [
  {
    name: 'tfjs-node-gpu',
    tfjsName: 'tensorflow',
    remedy: 'For NVIDIA cards: npm i @tensorflow/tfjs-node-gpu@4.22.0, with CUDA 11 and its install script allowed.',
    register: async () => void (await importOptional('@tensorflow/tfjs-node-gpu')),
  },
  {
    name: 'tfjs-node',
    tfjsName: 'tensorflow',
    remedy: 'npm i @tensorflow/tfjs-node@4.22.0, with its install script allowed, since it downloads libtensorflow.',
    register: async () => void (await importOptional('@tensorflow/tfjs-node')),
  },
  {
    name: 'webgpu',
    tfjsName: 'webgpu',
    remedy:
      'For programs that ask for it and read with await tensor.data(), on a machine with a graphics card: npm i webgpu@0.6.2 @tensorflow/tfjs-backend-webgpu@4.22.0.',
    register: registerWebGpu,
  },
  {
    name: 'onnxruntime',
    tfjsName: 'onnxruntime',
    remedy: 'npm i onnxruntime-node@1.30.0 --ignore-scripts',
    register: async ({ threads }) => {
      if (tf.findBackendFactory('onnxruntime') === null) {
        registerOnnxRuntimeBackend(threads === undefined ? {} : { threads });
      } else if (threads !== undefined) setOnnxRuntimeThreads(threads);
    },
  },
  {
    name: 'wasm',
    tfjsName: 'wasm',
    remedy: 'npm i @tensorflow/tfjs-backend-wasm@4.22.0',
    register: registerWasm,
  },
  { name: 'cpu', tfjsName: 'cpu', remedy: 'It is part of @tensorflow/tfjs.', register: async () => {} },
];
