/** ONNX models as plain values, and their file format; usable without the backend. */
export {
  encodeModel,
  floats,
  integers,
  node,
  type OnnxAttribute,
  type OnnxElementType,
  type OnnxExternalData,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';
