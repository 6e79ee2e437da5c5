/** One step of stochastic gradient descent, portion by portion, so that what lies between stays in the caches. */
import { node } from '../onnx/index.js';
import { feed } from '../runtime/session.js';
import { floatProgram, input, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';

/** Elements at a time. */
const portion = 65_536;

const program = () =>
  floatProgram(
    6,
    [
      node('Mul', ['i0', 'i5'], ['decay']),
      node('Add', ['i1', 'decay'], ['gradient']),
      node('Mul', ['i2', 'i4'], ['momentum']),
      node('Add', ['momentum', 'gradient'], ['o1']),
      node('Mul', ['o1', 'i3'], ['move']),
      node('Sub', ['i0', 'move'], ['o0']),
    ],
    [],
    ['float32', 'float32'],
  );

const scalar = (value: unknown) => feed(Float32Array.of(value as number), []);

/**
 * `FsmrSgdStep`: inputs weight, gradient, velocity of one shape; attributes learningRate, momentum, weightDecay; returns
 * the new weight and velocity: v = momentum v + (g + weightDecay w), w = w - learningRate v, as `torch.optim.SGD`.
 */
const sgdStep: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const weight = input(call, 'weight');
  const size = sizeOf(weight.shape);
  const sources = ['weight', 'gradient', 'velocity'].map((name) => backend.floats(input(call, name)));
  const constants = [scalar(attrs.learningRate), scalar(attrs.momentum), scalar(attrs.weightDecay)];
  const results = [0, 1].map(() => backend.allocate({ shape: weight.shape, dtype: 'float32' }));
  for (let start = 0; start < size; start += portion) {
    const end = Math.min(size, start + portion);
    const part = (values: Float32Array) => feed(values.subarray(start, end), [end - start]);
    const outputs = results.map(({ data }) => part(data as Float32Array));
    backend.runInto('SgdStep', program, [...sources.map(part), ...constants], outputs);
  }
  return results.map((memory) => backend.adopt(memory, weight.shape));
};

/** The optimiser's step, under our own name. */
export const sgdKernels: KernelTable = { FsmrSgdStep: sgdStep };
