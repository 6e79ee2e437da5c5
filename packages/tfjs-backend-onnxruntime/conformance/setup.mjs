/** Chooses the backend under test; it must run before any spec is defined. */
import '@tensorflow/tfjs';
import { setTestEnvs } from 'tfjs-core-dist/jasmine_util.js';
import { registerOnnxRuntimeBackend } from '../src/index.ts';

const backend = process.env.CONFORMANCE_BACKEND;
if (backend === 'onnxruntime') {
  registerOnnxRuntimeBackend({ smallTensor: Number(process.env.CONFORMANCE_SMALL), threads: 1 });
}
setTestEnvs([{ name: 'backend', backendName: backend, flags: {}, isDataSync: true }]);
