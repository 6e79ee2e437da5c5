/** Element-wise operations of one tensor. */
import type * as tf from '@tensorflow/tfjs';
import { floats, node, type OnnxAttribute } from '../onnx/index.js';
import type { Program } from '../runtime/session.js';
import { sigmoid } from './activation.js';
import {
  allFloat,
  flat,
  floatProgram,
  input,
  isSmall,
  type KernelCall,
  type KernelTable,
  type NativeKernel,
  oneNode,
  sizeOf,
} from './kernel.js';

/** A kernel that runs `program` on the elements of `x`; `key` tells attributes apart. */
function elementwise(
  name: string,
  program: (attrs: KernelCall['attrs']) => Program,
  key = (_: KernelCall['attrs']) => '',
): NativeKernel {
  return ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo;
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x)) return undefined;
    return backend.compute(
      `${name}${key(attrs)}`,
      () => program(attrs),
      [backend.lend(x, flat(x.shape))],
      { shape: x.shape, dtype: 'float32' },
      flat(x.shape),
    );
  };
}

const plain = (op: string, attributes: Readonly<Record<string, OnnxAttribute>> = {}): NativeKernel =>
  elementwise(op, () => oneNode(op, 1, attributes));

const scalar = (name: string, value: number) => floats(name, [value], []);

/** 1 above zero, else `alpha`; not a number stays so. */
const step = (alpha: number): Program =>
  floatProgram(
    1,
    [
      node('Sign', ['i0'], ['sign']),
      node('Relu', ['sign'], [alpha === 0 ? 'o0' : 'one']),
      ...(alpha === 0 ? [] : [node('Mul', ['one', 'rise'], ['risen']), node('Add', ['risen', 'alpha'], ['o0'])]),
    ],
    alpha === 0 ? [] : [scalar('alpha', alpha), scalar('rise', 1 - alpha)],
  );

/** -1, 0 or 1; 0 for what is not a number. */
const sign = (): Program =>
  floatProgram(
    1,
    [
      node('Greater', ['i0', 'zero'], ['above']),
      node('Less', ['i0', 'zero'], ['below']),
      node('Cast', ['above'], ['plus'], { to: 1 }),
      node('Cast', ['below'], ['minus'], { to: 1 }),
      node('Sub', ['plus', 'minus'], ['o0']),
    ],
    [scalar('zero', 0)],
  );

const clip = (low: number, high: number): Program =>
  floatProgram(1, [node('Clip', ['i0', 'low', 'high'], ['o0'])], [scalar('low', low), scalar('high', high)]);

/** Element-wise kernels of one input. */
export const unaryKernels: KernelTable = {
  Abs: plain('Abs'),
  Ceil: plain('Ceil'),
  Cos: plain('Cos'),
  Elu: plain('Elu'),
  Erf: plain('Erf'),
  Exp: plain('Exp'),
  Floor: plain('Floor'),
  Log: plain('Log'),
  Neg: plain('Neg'),
  Reciprocal: plain('Reciprocal'),
  Relu: plain('Relu'),
  Round: plain('Round'),
  Sigmoid: elementwise('Sigmoid', sigmoid),
  Sign: elementwise('Sign', sign),
  Sin: plain('Sin'),
  Softplus: plain('Softplus'),
  Sqrt: plain('Sqrt'),
  Tanh: plain('Tanh'),
  Selu: plain('Selu', {
    alpha: { float: 1.7580993408473768 / 1.0507009873554805 },
    gamma: { float: 1.0507009873554805 },
  }),
  Square: elementwise('Square', () => floatProgram(1, [node('Mul', ['i0', 'i0'], ['o0'])])),
  Rsqrt: elementwise('Rsqrt', () => floatProgram(1, [node('Sqrt', ['i0'], ['r']), node('Reciprocal', ['r'], ['o0'])])),
  Relu6: elementwise('Relu6', () => clip(0, 6)),
  LeakyRelu: elementwise(
    'LeakyRelu',
    (attrs) => oneNode('LeakyRelu', 1, { alpha: { float: attrs.alpha as number } }),
    (attrs) => ` ${attrs.alpha}`,
  ),
  ClipByValue: elementwise(
    'Clip',
    (attrs) => clip(attrs.clipValueMin as number, attrs.clipValueMax as number),
    (attrs) => ` ${attrs.clipValueMin} ${attrs.clipValueMax}`,
  ),
  Step: elementwise(
    'Step',
    (attrs) => step((attrs.alpha as number | undefined) ?? 0),
    (attrs) => ` ${attrs.alpha ?? 0}`,
  ),
  LogicalNot: (call) => {
    const x = input(call, 'x');
    if (isSmall(sizeOf(x.shape), call.backend) || x.dtype !== 'bool') return undefined;
    const program = (): Program => ({ nodes: [node('Not', ['i0'], ['o0'])], inputs: ['bool'], outputs: ['bool'] });
    return call.backend.compute('Not', program, [call.backend.lend(x)], { shape: x.shape, dtype: 'bool' });
  },
};
