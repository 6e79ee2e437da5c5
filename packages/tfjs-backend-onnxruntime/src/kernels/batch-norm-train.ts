/** Batch normalisation with the statistics of the batch, and its gradient. */
import type * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import { node } from '../onnx/index.js';
import { feed } from '../runtime/session.js';
import { input, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';
import { type PortionProgram, portionBounds, runPortions } from './portions.js';

/** Rows that are summed in single precision; the sums of such blocks are added in double precision. */
const blockRows = 256;

type Values = Float32Array;
type Name = string;

const vector = (values: Values) => feed(values, [1, values.length]);

/** The mean of each block's rows, and the sums of the squared differences to it. */
const moments: PortionProgram = {
  key: 'BlockMoments',
  inputs: 1,
  shared: 2,
  outputs: 2,
  within: [],
  nodes: ({ inputs: [x], shared: [ones, shares], outputs: [mean, squares] }, local) => [
    node('MatMul', [shares as Name, x as Name], [mean as Name]),
    node('Sub', [x as Name, mean as Name], [local('centred')]),
    node('Mul', [local('centred'), local('centred')], [local('square')]),
    node('MatMul', [ones as Name, local('square')], [squares as Name]),
  ],
};

/** `x factor + shift`, plus a residual, rectified. */
const scaling = (relu: boolean, residual: boolean): PortionProgram => ({
  key: `Scaling ${relu} ${residual}`,
  inputs: residual ? 2 : 1,
  shared: 2,
  outputs: 1,
  within: [0, ...(residual ? [0] : []), ...(relu ? [0] : [])],
  nodes: ({ inputs: [x, added], shared: [factor, shift], outputs: [y], within }) => {
    const values = [x, ...within, y] as Name[];
    const chain: readonly (readonly [op: string, ...others: Name[]])[] = [
      ['Mul', factor as Name],
      ['Add', shift as Name],
      ...(residual ? [['Add', added as Name] as const] : []),
      ...(relu ? [['Relu'] as const] : []),
    ];
    return chain.map(([op, ...others], index) =>
      node(op, [values[index] as Name, ...others], [values[index + 1] as Name]),
    );
  },
});

/** So steep that it is 0 at 0 and 1 above: the derivative of a rectifier in one operation. */
const step = { alpha: { float: 3e38 }, beta: { float: 0 } };

/** The gradient before a rectifier, from the rectifier's output; its sums and those of its products with x - mean. */
const gradientSums = (relu: boolean): PortionProgram => ({
  key: `GradientSums ${relu}`,
  inputs: relu ? 3 : 2,
  shared: 2,
  outputs: relu ? 3 : 2,
  within: relu ? [2] : [],
  nodes: ({ inputs: [x, dy, y], shared: [ones, mean], outputs: [sums, products, masked], within: [slope] }, local) => {
    const gradient = relu ? (masked as Name) : (dy as Name);
    return [
      ...(relu
        ? [
            node('HardSigmoid', [y as Name], [slope as Name], step),
            node('Mul', [slope as Name, dy as Name], [gradient]),
          ]
        : []),
      node('MatMul', [ones as Name, gradient], [sums as Name]),
      node('Sub', [x as Name, mean as Name], [local('centred')]),
      node('Mul', [local('centred'), gradient], [local('product')]),
      node('MatMul', [ones as Name, local('product')], [products as Name]),
    ];
  },
});

/** `g factor + x slope + shift`. */
const gradientScaling: PortionProgram = {
  key: 'GradientScaling',
  inputs: 2,
  shared: 3,
  outputs: 1,
  within: [0, 0],
  nodes: ({ inputs: [x, g], shared: [factor, slope, shift], outputs: [dx], within: [sloped, shifted] }, local) => [
    node('Mul', [g as Name, factor as Name], [local('scaled')]),
    node('Mul', [x as Name, slope as Name], [sloped as Name]),
    node('Add', [sloped as Name, shift as Name], [shifted as Name]),
    node('Add', [shifted as Name, local('scaled')], [dx as Name]),
  ],
};

/** Elements per channel, and channels. */
const columns = ({ shape }: tf.TensorInfo): [number, number] => {
  const channels = shape[shape.length - 1] as number;
  return [sizeOf(shape) / channels, channels];
};

/** Runs a program on whole rows of `channels` elements. */
function scaleRows(
  backend: OnnxRuntimeBackend,
  program: PortionProgram,
  inputs: readonly Values[],
  vectors: readonly Values[],
  out: Values,
): void {
  const channels = (vectors[0] as Values).length;
  const bounds = portionBounds(out.length / channels, out.length, backend.settings.threads);
  const portions = bounds.slice(1).map((end, index) => {
    const start = bounds[index] as number;
    const part = (values: Values) => feed(values.subarray(start * channels, end * channels), [end - start, channels]);
    return { inputs: inputs.map(part), outputs: [part(out)] };
  });
  runPortions(backend, program, portions, vectors.map(vector));
}

/** One block's rows, and what the program wrote of them first and second: one number a channel. */
type Block = (rows: number, first: Values, second: Values) => void;

/**
 * Runs a program whose first two outputs are a number a channel for each block of rows, and visits the blocks.
 *
 * @param shared what all portions read besides a row of ones as long as a block.
 * @param whole what the program writes besides, of the size of its inputs.
 */
function sumBlocks(
  backend: OnnxRuntimeBackend,
  program: PortionProgram,
  inputs: readonly Values[],
  channels: number,
  shared: (rows: number) => Values,
  whole: readonly Values[],
  visit: Block,
): void {
  const rows = (inputs[0] as Values).length / channels;
  const run = (from: number, blocks: number, height: number) => {
    const [first, second] = [new Float32Array(blocks * channels), new Float32Array(blocks * channels)];
    const { threads } = backend.settings;
    const bounds = portionBounds(blocks, blocks * height * channels, threads, threads);
    const portions = bounds.slice(1).map((end, index) => {
      const start = bounds[index] as number;
      const part = (values: Values) => {
        const range = values.subarray((from + start * height) * channels, (from + end * height) * channels);
        return feed(range, [end - start, height, channels]);
      };
      const sums = (values: Values) =>
        feed(values.subarray(start * channels, end * channels), [end - start, 1, channels]);
      return { inputs: inputs.map(part), outputs: [sums(first), sums(second), ...whole.map(part)] };
    });
    runPortions(backend, program, portions, [vector(new Float32Array(height).fill(1)), vector(shared(height))]);
    for (let start = 0; start < first.length; start += channels) {
      visit(height, first.subarray(start, start + channels), second.subarray(start, start + channels));
    }
  };
  const blocks = Math.floor(rows / blockRows);
  if (blocks > 0) run(0, blocks, blockRows);
  if (rows > blocks * blockRows) run(blocks * blockRows, 1, rows - blocks * blockRows);
}

/** Mean and biased variance of each channel; those of the blocks are joined in double precision (Chan et al., 1979). */
function statistics(backend: OnnxRuntimeBackend, x: Values, channels: number): { mean: Values; variance: Values } {
  const mean = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let known = 0;
  sumBlocks(
    backend,
    moments,
    [x],
    channels,
    (rows) => new Float32Array(rows).fill(1 / rows),
    [],
    (rows, means, around) => {
      const total = known + rows;
      for (let c = 0; c < channels; c++) {
        const difference = (means[c] as number) - (mean[c] as number);
        mean[c] = (mean[c] as number) + (difference * rows) / total;
        squares[c] = (squares[c] as number) + (around[c] as number) + (difference * difference * known * rows) / total;
      }
      known = total;
    },
  );
  return { mean: Float32Array.from(mean), variance: Float32Array.from(squares, (sum) => sum / known) };
}

/**
 * `FsmrBatchNormTrain`: inputs x [..., C], scale, offset [C] and optionally residual [..., C]; returns y and the
 * batch's mean and biased variance. The variance is taken from centred values, as the difference of squares would lose digits.
 */
const batchNormTrain: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const x = input(call, 'x');
  const [, channels] = columns(x);
  const [values, scale, offset] = [x, input(call, 'scale'), input(call, 'offset')].map((item) =>
    backend.floats(item),
  ) as [Values, Values, Values];
  const { mean, variance } = statistics(backend, values, channels);
  const [factor, shift] = [new Float32Array(channels), new Float32Array(channels)];
  for (let c = 0; c < channels; c++) {
    factor[c] = (scale[c] as number) / Math.sqrt((variance[c] as number) + (attrs.epsilon as number));
    shift[c] = (offset[c] as number) - (mean[c] as number) * (factor[c] as number);
  }
  const added = inputs.residual === undefined ? [] : [backend.floats(inputs.residual)];
  const y = backend.allocate({ shape: x.shape, dtype: 'float32' });
  const program = scaling(attrs.relu === true, added.length > 0);
  scaleRows(backend, program, [values, ...added], [factor, shift], y.data as Values);
  const statistic = (numbers: Values) => backend.makeTensorInfo([channels], 'float32', numbers);
  return [backend.adopt(y, x.shape), statistic(mean), statistic(variance)];
};

/**
 * `FsmrBatchNormTrainGrad`: inputs x, y, dy [..., C], scale, mean, variance [C]; returns dx, dscale, doffset and, with
 * the attribute `residual`, dresidual. With g the gradient before the rectifier and h = x - mean:
 * dx = scale / sd * (g - mean(g) - h / sd^2 * mean(g h)).
 */
const batchNormTrainGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const shape = input(call, 'x').shape;
  const [rows, channels] = columns(input(call, 'x'));
  const values = (name: string) => backend.floats(input(call, name));
  const [x, dy, scale, mean, variance] = [
    values('x'),
    values('dy'),
    values('scale'),
    values('mean'),
    values('variance'),
  ];
  const relu = attrs.relu === true;
  const masked = relu ? backend.allocate({ shape, dtype: 'float32' }) : undefined;
  const g = (masked?.data as Values | undefined) ?? dy;
  const doffset = new Float64Array(channels);
  const covariance = new Float64Array(channels);
  const read = relu ? [x, dy, values('y')] : [x, dy];
  sumBlocks(
    backend,
    gradientSums(relu),
    read,
    channels,
    () => mean,
    relu ? [g] : [],
    (_rows, sums, products) => {
      for (let c = 0; c < channels; c++) {
        doffset[c] = (doffset[c] as number) + (sums[c] as number);
        covariance[c] = (covariance[c] as number) + (products[c] as number);
      }
    },
  );
  const [factor, slope, shift, dscale] = [0, 1, 2, 3].map(() => new Float32Array(channels)) as [
    Values,
    Values,
    Values,
    Values,
  ];
  for (let c = 0; c < channels; c++) {
    const deviation = Math.sqrt((variance[c] as number) + (attrs.epsilon as number));
    const size = (scale[c] as number) / deviation;
    const share = (-size * (covariance[c] as number)) / (rows * deviation * deviation);
    factor[c] = size;
    slope[c] = share;
    shift[c] = (-size * (doffset[c] as number)) / rows - share * (mean[c] as number);
    dscale[c] = (covariance[c] as number) / deviation;
  }
  const dx = backend.allocate({ shape, dtype: 'float32' });
  scaleRows(backend, gradientScaling, [x, g], [factor, slope, shift], dx.data as Values);
  const parameter = (gradient: Values) => backend.makeTensorInfo([channels], 'float32', gradient);
  const gradients = [backend.adopt(dx, shape), parameter(dscale), parameter(Float32Array.from(doffset))];
  if (attrs.residual !== true) {
    if (masked !== undefined) backend.release(masked);
    return gradients;
  }
  if (masked !== undefined) return [...gradients, backend.adopt(masked, shape)];
  const copy = backend.allocate({ shape, dtype: 'float32' });
  (copy.data as Values).set(dy);
  return [...gradients, backend.adopt(copy, shape)];
};

/**
 * `FsmrBlend`: inputs before, now [C]; attributes keep, share; returns `keep before + share now`. In JavaScript, which is
 * done with a number a channel before a native call has started.
 */
const blend: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [before, now] = [input(call, 'before'), input(call, 'now')].map((item) => backend.floats(item)) as [
    Values,
    Values,
  ];
  const [keep, share] = [attrs.keep as number, attrs.share as number];
  const blended = before.map((value, c) => keep * value + share * (now[c] as number));
  return backend.makeTensorInfo([before.length], 'float32', blended);
};

/** Batch normalisation in training, under our own names. */
export const ownBatchNormKernels: KernelTable = {
  FsmrBlend: blend,
  FsmrBatchNormTrain: batchNormTrain,
  FsmrBatchNormTrainGrad: batchNormTrainGrad,
};
