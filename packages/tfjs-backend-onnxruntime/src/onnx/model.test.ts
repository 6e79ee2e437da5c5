import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { encodeModel, floats, integers, node } from './index.js';

const load = createRequire(import.meta.url);
const runtime = load('onnxruntime-node') as typeof import('onnxruntime-node');

describe('encodeModel', () => {
  it('writes a model that ONNX Runtime computes', async () => {
    const bytes = encodeModel({
      name: 'small',
      nodes: [
        node('Conv', ['x', 'w', 'b'], ['c'], { kernel_shape: [1, 1], strides: [2, 2] }),
        node('LeakyRelu', ['c'], ['r'], { alpha: { float: 0.25 } }),
        node('Reshape', ['r', 'shape'], ['y']),
        node('FusedMatMul', ['y', 'y'], ['z'], { transB: 1, alpha: { float: 0.5 } }, 'com.microsoft'),
      ],
      inputs: [{ name: 'x', type: 'float32', shape: ['batch', 2, 'height', 'width'] }],
      outputs: [
        { name: 'y', type: 'float32', shape: ['batch', 'n'] },
        { name: 'z', type: 'float32' },
      ],
      initializers: [floats('w', [1, 2], [1, 2, 1, 1]), floats('b', [-3]), integers('shape', [1, -1])],
      metadata: { source: 'test' },
    });
    const session = await runtime.InferenceSession.create(bytes);
    const x = new runtime.Tensor('float32', Float32Array.from([1, 9, 2, 9, 0, 9, -3, 9]), [1, 2, 1, 4]);
    const { y, z } = await session.run({ x });
    expect(Array.from(y?.data as Float32Array)).toEqual([-0.5, -1.75]);
    expect(Array.from(z?.data as Float32Array)).toEqual([(0.25 + 1.75 ** 2) / 2]);
    expect(y?.dims).toEqual([1, 2]);
  });

  it('writes negative and large whole numbers as 64-bit varints', () => {
    const bytes = encodeModel({
      name: 'n',
      nodes: [node('Softmax', ['x'], ['y'], { axis: -1 })],
      inputs: [{ name: 'x', type: 'float32', shape: [300] }],
      outputs: [{ name: 'y', type: 'float32', shape: [300] }],
    });
    expect(Buffer.from(bytes).toString('hex')).toContain('18ffffffffffffffffff01');
  });
});
