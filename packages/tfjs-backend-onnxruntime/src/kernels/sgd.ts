/** One step of stochastic gradient descent, of many parameters in few native calls. */
import { node } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';
import { feed, type Program } from '../runtime/session.js';
import { floatProgram, input, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';
import { mostPortions, portionBounds } from './portions.js';

/** Reads learning rate, momentum and weight decay, then weight, gradient and velocity of each portion. */
const program = (portions: number): Program =>
  floatProgram(
    3 + 3 * portions,
    Array.from({ length: portions }, (_, index) => {
      const read = (number: number) => `i${3 + 3 * index + number}`;
      const written = (number: number) => `o${6 * index + number}`;
      const [weight, gradient, velocity] = [read(0), read(1), read(2)];
      const [pull, force, carried] = [written(0), written(1), written(2)];
      const [speed, move, moved] = [written(3), written(4), written(5)];
      return [
        node('Mul', [weight, 'i2'], [pull]),
        node('Add', [pull, gradient], [force]),
        node('Mul', [velocity, 'i1'], [carried]),
        node('Add', [carried, force], [speed]),
        node('Mul', [speed, 'i0'], [move]),
        node('Sub', [weight, move], [moved]),
      ];
    }).flat(),
    [],
    new Array<'float32'>(6 * portions).fill('float32'),
  );

/** Where a portion's six values go: those on the way lie in the memory of the result that is written after them. */
const placesOf = ([moved, speed]: readonly [Feed, Feed]): Feed[] => [moved, moved, speed, speed, moved, moved];

/** A part of a parameter: weight, gradient and velocity, and memory for the new weight and velocity. */
interface Portion {
  readonly inputs: readonly Feed[];
  readonly outputs: readonly [Feed, Feed];
}

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
        portions.push({ inputs: sources.map(part), outputs: values.map(part) as [Feed, Feed] });
      });
    }
    return { results, shape };
  });
  for (let from = 0; from < portions.length; from += mostPortions) {
    const some = portions.slice(from, from + mostPortions);
    backend.runInto(
      `SgdStep of ${some.length}`,
      () => program(some.length),
      [...constants.map(scalar), ...some.flatMap(({ inputs: read }) => read)],
      some.flatMap(({ outputs }) => placesOf(outputs)),
    );
  }
  return written.flatMap(({ results, shape }) => results.map((memory) => backend.adopt(memory, shape)));
};

/** The optimiser's step, under our own name. */
export const sgdKernels: KernelTable = { FsmrSgdSteps: sgdSteps };
