/** Batch normalisation with the statistics of the batch, and its gradient. */
import type * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import {
  type BatchNormVariant,
  batchNormGradientProgram,
  batchNormProgram,
  type Division,
  gradientSteps,
  maskingSteps,
  scalingSteps,
} from './batch-norm-programs.js';
import { input, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';
import { portionBounds } from './portions.js';

/** Rows that are summed in single precision; the sums of such blocks are added in double precision. */
const blockRows = 256;

type Values = Float32Array;

/** Numbers a channel. */
const vector = (values: Values) => feed(values, [1, values.length]);

/** Where the portions of a batch lie, and the vectors that its sums need. */
interface Batch extends Division {
  /** A portion of each as many arrays of the batch's size, portion by portion. */
  readonly cut: (...arrays: readonly Values[]) => Feed[];
  /** One number as many times as a block has rows, and one as many times as the rest has. */
  readonly filled: (value: (rows: number) => number) => readonly [Feed, Feed];
  /** The rows of every block. */
  readonly rows: Feed;
  /** Tells batches apart that need programs of their own. */
  readonly key: string;
}

function divide(rows: number, channels: number, { settings }: OnnxRuntimeBackend): Batch {
  const blocks = Math.floor(rows / blockRows);
  const rest = rows - blocks * blockRows;
  const whole = blocks * blockRows * channels;
  const bounds = blocks === 0 ? [0] : portionBounds(blocks, whole, settings.threads, settings.threads);
  const block = blockRows * channels;
  const portions = bounds.length - 1 + Number(rest > 0);
  const cut = (...arrays: readonly Values[]) => [
    ...bounds.slice(1).flatMap((end, index) => {
      const from = bounds[index] as number;
      return arrays.map((values) =>
        feed(values.subarray(from * block, end * block), [end - from, blockRows, channels]),
      );
    }),
    ...(rest > 0 ? arrays.map((values) => feed(values.subarray(whole), [1, rest, channels])) : []),
  ];
  const every = new Float32Array(blocks + Number(rest > 0)).fill(blockRows);
  if (rest > 0) every[blocks] = rest;
  return {
    portions,
    rest: rest > 0,
    cut,
    filled: (value) => {
      const row = (length: number) => vector(new Float32Array(length).fill(value(length)));
      return [row(blockRows), row(Math.max(1, rest))];
    },
    rows: feed(every, [every.length, 1, 1]),
    key: `${portions} ${rest > 0}`,
  };
}

const repeated = (count: number, values: Values): Values[] => new Array<Values>(count).fill(values);

/** Elements per channel, and channels. */
const columns = ({ shape }: tf.TensorInfo): [number, number] => {
  const channels = shape[shape.length - 1] as number;
  return [sizeOf(shape) / channels, channels];
};

/**
 * `FsmrBatchNormTrain`: inputs x [..., C], scale, offset [C] and optionally residual [..., C]; attributes epsilon, relu;
 * returns y and the batch's mean and biased variance.
 */
const batchNormTrain: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const x = input(call, 'x');
  const [rows, channels] = columns(x);
  const variant: BatchNormVariant = {
    epsilon: attrs.epsilon as number,
    relu: attrs.relu === true,
    residual: inputs.residual !== undefined,
  };
  const batch = divide(rows, channels, backend);
  const read = [x, ...(inputs.residual === undefined ? [] : [inputs.residual])].map((item) => backend.floats(item));
  const [scale, offset] = ['scale', 'offset'].map((name) => vector(backend.floats(input(call, name)))) as [Feed, Feed];
  const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
  const y = backend.allocate({ shape: x.shape, dtype: 'float32' });
  backend.runInto(
    `BatchNorm ${Object.values(variant)} of ${batch.key}`,
    () => batchNormProgram(batch, variant),
    [...batch.filled(() => 1), ...batch.filled((rows) => 1 / rows), batch.rows, scale, offset, ...batch.cut(...read)],
    [vector(mean), vector(variance), ...batch.cut(...repeated(scalingSteps(variant), y.data as Values))],
  );
  const statistic = (numbers: Values) => backend.makeTensorInfo([channels], 'float32', numbers);
  return [backend.adopt(y, x.shape), statistic(mean), statistic(variance)];
};

/**
 * `FsmrBatchNormTrainGrad`: inputs x, y, dy [..., C], scale, mean, variance [C]; attributes epsilon, relu, residual;
 * returns dx, dscale, doffset and, where there is a residual, dresidual.
 */
const batchNormTrainGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const shape = input(call, 'x').shape;
  const [rows, channels] = columns(input(call, 'x'));
  const values = (name: string) => backend.floats(input(call, name));
  const relu = attrs.relu === true;
  const variant: BatchNormVariant = { epsilon: attrs.epsilon as number, relu, residual: false };
  const batch = divide(rows, channels, backend);
  const dy = values('dy');
  const masked = relu ? backend.allocate({ shape, dtype: 'float32' }) : undefined;
  const dx = backend.allocate({ shape, dtype: 'float32' });
  const [dscale, doffset] = [new Float32Array(channels), new Float32Array(channels)];
  const written = [
    ...repeated(maskingSteps(variant), masked?.data as Values),
    ...repeated(gradientSteps, dx.data as Values),
  ];
  backend.runInto(
    `BatchNormGradient ${Object.values(variant)} of ${batch.key}`,
    () => batchNormGradientProgram(batch, variant),
    [
      ...batch.filled(() => 1),
      batch.rows,
      ...['scale', 'mean', 'variance'].map((name) => vector(values(name))),
      ...batch.cut(values('x'), dy, ...(relu ? [values('y')] : [])),
    ],
    [vector(dscale), vector(doffset), ...batch.cut(...written)],
  );
  const parameter = (gradient: Values) => backend.makeTensorInfo([channels], 'float32', gradient);
  const gradients = [backend.adopt(dx, shape), parameter(dscale), parameter(doffset)];
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
