/** Whole ONNX models as one TensorFlow.js kernel. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed, NativeSession } from '../runtime/binding.js';
import { type LoadOptions, loadModel } from '../runtime/session.js';
import type { KernelTable, NativeKernel } from './kernel.js';

/** Loaded models of each backend, by key. */
const graphs = new WeakMap<OnnxRuntimeBackend, Map<string, NativeSession>>();

/**
 * `FsmrRunGraph`: inputs named as the model's; attributes `key`, `model` (called where no model of that key is loaded),
 * `outputs`, the names of the results wanted, in order, and `load`, how the model is to be loaded.
 */
const runGraph: NativeKernel = ({ inputs, attrs, backend }) => {
  const key = attrs.key as string;
  const known = graphs.get(backend) ?? new Map<string, NativeSession>();
  graphs.set(backend, known);
  const session =
    known.get(key) ??
    loadModel((attrs.model as () => Uint8Array)(), backend.settings, attrs.load as LoadOptions | undefined);
  known.set(key, session);
  const names = attrs.outputs as readonly string[];
  const feeds: Record<string, Feed> = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, backend.lend(tensor)]),
  );
  const results = session.run(feeds, Object.fromEntries(names.map((name) => [name, null])), {});
  return names.map((name) => {
    const result = results[name];
    return backend.makeTensorInfo([...(result?.dims ?? [])], 'float32', result?.data as Float32Array);
  });
};

/** Frees the model of that key in all backends of this thread; unknown keys are ignored. */
export function releaseGraph(key: string): void {
  for (const name of Object.keys(tf.engine().registry)) {
    const backend = tf.engine().registry[name] as OnnxRuntimeBackend;
    const sessions = graphs.get(backend);
    sessions?.get(key)?.dispose();
    sessions?.delete(key);
  }
}

/** Frees all models of a backend. */
export function releaseGraphs(backend: OnnxRuntimeBackend): void {
  for (const session of graphs.get(backend)?.values() ?? []) session.dispose();
  graphs.delete(backend);
}

/** Whole models, under our own name. */
export const graphKernels: KernelTable = { FsmrRunGraph: runGraph };
