/** Whole ONNX models as one TensorFlow.js kernel. */
import * as tf from '@tensorflow/tfjs';
import { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { type LoadOptions, loadModel } from '../runtime/session.js';
import type { KernelTable, NativeKernel } from './kernel.js';

/**
 * `FsmrRunGraph`: inputs named as the model's; attributes `key`, `model` (called where no model of that key is loaded),
 * `outputs`, the names of the results wanted, in order, and `load`, how the model is to be loaded.
 */
const runGraph: NativeKernel = ({ inputs, attrs, backend }) => {
  const key = attrs.key as string;
  const session =
    backend.graphs.get(key) ??
    loadModel((attrs.model as () => Uint8Array)(), backend.settings, attrs.load as LoadOptions | undefined);
  backend.graphs.set(key, session);
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
  for (const backend of Object.values(tf.engine().registry)) {
    if (!(backend instanceof OnnxRuntimeBackend)) continue;
    backend.graphs.get(key)?.dispose();
    backend.graphs.delete(key);
  }
}

/** Whole models, under our own name. */
export const graphKernels: KernelTable = { FsmrRunGraph: runGraph };
