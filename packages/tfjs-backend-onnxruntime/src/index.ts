/** A TensorFlow.js backend that computes on ONNX Runtime. */
export { releaseGraph } from './kernels/graph.js';
export {
  type OnnxRuntimeOptions,
  registerOnnxRuntimeBackend,
  setOnnxRuntimeThreads,
  unregisterOnnxRuntimeBackend,
} from './register.js';
