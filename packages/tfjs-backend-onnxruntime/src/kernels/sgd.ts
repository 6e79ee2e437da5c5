/** One step of stochastic gradient descent, of many parameters in few native calls. */
import { node } from '../onnx/index.js';
import { feed } from '../runtime/session.js';
import { input, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';
import { mostPortions, type Portion, type PortionProgram, portionBounds, runPortions } from './portions.js';

const program: PortionProgram = {
  key: 'SgdStep',
  inputs: 3,
  shared: 3,
  outputs: 2,
  within: [0, 0, 1, 0],
  nodes: ({
    inputs: [weight, gradient, velocity],
    shared: [rate, momentum, decay],
    outputs: [moved, speed],
    within,
  }) => {
    const [pull, force, carried, move] = within as string[];
    return [
      node('Mul', [weight as string, decay as string], [pull as string]),
      node('Add', [pull as string, gradient as string], [force as string]),
      node('Mul', [velocity as string, momentum as string], [carried as string]),
      node('Add', [carried as string, force as string], [speed as string]),
      node('Mul', [speed as string, rate as string], [move as string]),
      node('Sub', [weight as string, move as string], [moved as string]),
    ];
  },
};

const scalar = (value: number) => feed(Float32Array.of(value), []);

/** Below this, JavaScript is done before a native call has started. */
const fewestElements = 4096;

/** The same in JavaScript, rounded as often. */
function stepInJavaScript(
  [weight, gradient, velocity]: readonly [Float32Array, Float32Array, Float32Array],
  [rate, momentum, decay]: readonly [number, number, number],
  [moved, speed]: readonly [Float32Array, Float32Array],
): void {
  const { fround } = Math;
  for (let index = 0; index < weight.length; index++) {
    const w = weight[index] as number;
    const pull = fround((gradient[index] as number) + fround(w * decay));
    const next = fround(fround((velocity[index] as number) * momentum) + pull);
    speed[index] = next;
    moved[index] = w - fround(next * rate);
  }
}

/**
 * `FsmrSgdSteps`: inputs weight0, gradient0, velocity0 of one shape, weight1 …; attributes learningRate, momentum,
 * weightDecay; returns the new weight0, velocity0, weight1 …: v = momentum v + (g + weightDecay w), w = w - learningRate v,
 * as `torch.optim.SGD`.
 */
const sgdSteps: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const constants = [attrs.learningRate, attrs.momentum, attrs.weightDecay].map((value) =>
    Math.fround(value as number),
  ) as [number, number, number];
  const portions: Portion[] = [];
  const written = Array.from({ length: Object.keys(inputs).length / 3 }, (_, index) => {
    const { shape } = input(call, `weight${index}`);
    const size = sizeOf(shape);
    const sources = ['weight', 'gradient', 'velocity'].map((name) => backend.floats(input(call, `${name}${index}`)));
    const results = [0, 1].map(() => backend.allocate({ shape, dtype: 'float32' }));
    const values = results.map(({ data }) => data as Float32Array);
    if (size < fewestElements) {
      stepInJavaScript(
        sources as [Float32Array, Float32Array, Float32Array],
        constants,
        values as [Float32Array, Float32Array],
      );
    } else {
      const bounds = portionBounds(size, size, backend.settings.threads);
      bounds.slice(1).forEach((end, at) => {
        const start = bounds[at] as number;
        const part = (whole: Float32Array) => feed(whole.subarray(start, end), [end - start]);
        portions.push({ inputs: sources.map(part), outputs: values.map(part) });
      });
    }
    return { results, shape };
  });
  for (let from = 0; from < portions.length; from += mostPortions) {
    runPortions(backend, program, portions.slice(from, from + mostPortions), constants.map(scalar));
  }
  return written.flatMap(({ results, shape }) => results.map((memory) => backend.adopt(memory, shape)));
};

/** The optimiser's step, under our own name. */
export const sgdKernels: KernelTable = { FsmrSgdSteps: sgdSteps };
