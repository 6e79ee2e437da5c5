/** Element-wise operations of two or more tensors, with broadcasting. */
import * as tf from '@tensorflow/tfjs';
import { node, type OnnxNode } from '../onnx/index.js';
import type { ElementType } from '../runtime/binding.js';
import { allFloat, flat, input, isSmall, type KernelTable, type NativeKernel, oneNode, sizeOf } from './kernel.js';

/** A kernel of two inputs of type `dtype`; the result has type `result`. */
function broadcasting(
  name: string,
  nodes: readonly OnnxNode[],
  dtype: 'float32' | 'bool',
  result: 'float32' | 'bool',
  names: readonly [string, string] = ['a', 'b'],
): NativeKernel {
  const program = () => ({ nodes, inputs: [dtype, dtype] as ElementType[], outputs: [result] as ElementType[] });
  return (call) => {
    const { backend } = call;
    const [a, b] = names.map((item) => input(call, item)) as [tf.TensorInfo, tf.TensorInfo];
    if (a.dtype !== dtype || b.dtype !== dtype) return undefined;
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (isSmall(sizeOf(shape), backend)) return undefined;
    const same = tf.util.arraysEqual(a.shape, b.shape);
    const feeds = same
      ? [backend.lend(a, flat(shape)), backend.lend(b, flat(shape))]
      : [backend.lend(a), backend.lend(b)];
    return backend.compute(name, program, feeds, { shape, dtype: result }, same ? flat(shape) : shape);
  };
}

const single = (op: string, result: 'float32' | 'bool' = 'float32'): NativeKernel =>
  broadcasting(op, [node(op, ['i0', 'i1'], ['o0'])], 'float32', result);

const logical = (op: string): NativeKernel =>
  broadcasting(`${op} bool`, [node(op, ['i0', 'i1'], ['o0'])], 'bool', 'bool');

/** Chooses between two tensors by a condition of the same shape, or one per row. */
const select: NativeKernel = (call) => {
  const { backend } = call;
  const [condition, yes, no] = ['condition', 't', 'e'].map((name) => input(call, name)) as [
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo,
  ];
  if (isSmall(sizeOf(yes.shape), backend) || !allFloat(yes, no) || condition.dtype !== 'bool') return undefined;
  // A condition of one axis chooses whole rows.
  const rows = [...condition.shape, ...new Array<number>(yes.shape.length - condition.shape.length).fill(1)];
  return backend.compute(
    'Where',
    () => ({
      nodes: [node('Where', ['i0', 'i1', 'i2'], ['o0'])],
      inputs: ['bool', 'float32', 'float32'],
      outputs: ['float32'],
    }),
    [backend.lend(condition, rows), backend.lend(yes), backend.lend(no)],
    { shape: yes.shape, dtype: 'float32' },
  );
};

const addN: NativeKernel = ({ inputs, backend }) => {
  const tensors = Object.values(inputs);
  const first = tensors[0] as tf.TensorInfo;
  if (isSmall(sizeOf(first.shape), backend) || !allFloat(...tensors)) return undefined;
  const feeds = tensors.map((tensor) => backend.lend(tensor, flat(tensor.shape)));
  const spec = { shape: first.shape, dtype: 'float32' } as const;
  return backend.compute(`Sum ${feeds.length}`, () => oneNode('Sum', feeds.length), feeds, spec, flat(first.shape));
};

/** Element-wise kernels of several inputs. */
export const binaryKernels: KernelTable = {
  Add: single('Add'),
  Sub: single('Sub'),
  Multiply: single('Mul'),
  RealDiv: single('Div'),
  Maximum: single('Max'),
  Minimum: single('Min'),
  Pow: single('Pow'),
  SquaredDifference: broadcasting(
    'SquaredDifference',
    [node('Sub', ['i0', 'i1'], ['d']), node('Mul', ['d', 'd'], ['o0'])],
    'float32',
    'float32',
  ),
  Prelu: broadcasting('Prelu', [node('PRelu', ['i0', 'i1'], ['o0'])], 'float32', 'float32', ['x', 'alpha']),
  Equal: single('Equal', 'bool'),
  Greater: single('Greater', 'bool'),
  GreaterEqual: single('GreaterOrEqual', 'bool'),
  Less: single('Less', 'bool'),
  LessEqual: single('LessOrEqual', 'bool'),
  NotEqual: broadcasting(
    'NotEqual',
    [node('Equal', ['i0', 'i1'], ['e']), node('Not', ['e'], ['o0'])],
    'float32',
    'bool',
  ),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  Select: select,
  AddN: addN,
};
