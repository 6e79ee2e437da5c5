/**
 * What JAPC costs over each method, everything in turn in one run: `node src/japc.mjs`.
 *
 * Features of a ResNet-101 are taken as ready (random values of their shapes, 256 x 256 images, three raters): the time
 * of losses and gradients with and without JAPC. The encoder's own training step is timed beside it, since the extra
 * time of a whole step is what a user pays. Then inference of one query with seven raters and with one, each with the
 * encoder its method has (with the argument `inference` this part alone).
 */
import { alpnet } from '@fsmr/alpnet';
import { deeplab, qnetEncoder } from '@fsmr/backbones';
import {
  allShots,
  createRandom,
  crossEntropy,
  type FeatureMaps,
  type PrototypeMethod,
  segmentFeatures,
} from '@fsmr/core';
import { dspnet } from '@fsmr/dspnet';
import { japc } from '@fsmr/japc';
import { qnet } from '@fsmr/qnet';
import { rpt } from '@fsmr/rpt';
import { registerOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';

const repeats = Number(process.env.BENCH_REPEATS ?? 9);
registerOnnxRuntimeBackend({ threads: Number(process.env.BENCH_THREADS ?? 2) });
await tf.setBackend('onnxruntime');

interface Case {
  readonly method: PrototypeMethod;
  readonly sizes: readonly number[];
  readonly channels: number;
  readonly threshold: boolean;
  /** Parameters of the published encoder. */
  readonly encoder: number;
}

const cases: readonly Case[] = [
  { method: alpnet(), sizes: [32], channels: 256, threshold: false, encoder: 59_214_912 },
  { method: dspnet(), sizes: [32], channels: 256, threshold: false, encoder: 59_214_912 },
  { method: qnet(), sizes: [64, 32], channels: 512, threshold: true, encoder: 46_123_025 },
  { method: rpt(), sizes: [64], channels: 512, threshold: true, encoder: 46_123_025 },
];

function features({ sizes, channels, threshold }: Case, seed: number): FeatureMaps {
  const maps = sizes.map((side) => tf.randomNormal([1, side, side, channels], 0, 1, 'float32', seed) as tf.Tensor4D);
  return threshold ? { maps, threshold: tf.tensor2d([[-10]]) } : { maps };
}

/** Discs of several radii round the centre. */
function discs(raters: number): tf.Tensor4D {
  const values = Array.from({ length: raters }, (_, rater) =>
    Array.from({ length: 256 * 256 }, (_unused, i) =>
      Math.hypot((i >> 8) - 128, (i & 255) - 128) < 50 + 4 * rater ? 1 : 0,
    ),
  );
  return tf.tensor4d(values.flat(), [raters, 1, 256, 256]);
}

const median = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;

/** Runs works in turn, `repeats` times each after one warm-up. @returns the median milliseconds of each. */
function inTurn(works: readonly (() => void)[]): number[] {
  for (const work of works) work();
  const times = works.map((): number[] => []);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [index, work] of works.entries()) {
      const start = performance.now();
      work();
      times[index]!.push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** Losses of three raters and their gradients in features and the method's own parameters. */
function headStep(one: Case, method: PrototypeMethod): { run: () => void; parameters: number } {
  const random = createRandom(1);
  const channels = one.sizes.map(() => one.channels);
  const parameters = { ...method.init({ channels, random }), ...method.calibrator?.init({ channels, random }) };
  const [support, query, masks] = [features(one, 1), features(one, 2), discs(3)];
  const queryMasks = tf.squeeze(masks, [1]) as tf.Tensor3D;
  const watched = [...support.maps, ...query.maps, ...Object.values(parameters)];
  const loss = (): tf.Scalar => {
    const found = segmentFeatures({
      method,
      parameters,
      support,
      query,
      masks,
      shots: allShots(3, 1),
      training: true,
      queryMasks,
    });
    const parts = [found.alignmentLoss, found.calibrationLoss, ...Object.values(found.auxiliaryLosses)];
    const segmentation = crossEntropy(found.logits, queryMasks, { classWeights: method.classWeights });
    return tf.addN([segmentation, ...parts]) as tf.Scalar;
  };
  const run = (): void => {
    const { value, grads } = tf.engine().gradients(loss, watched, undefined, true);
    value.dataSync();
    tf.dispose([value, ...grads.filter((gradient) => gradient != null)]);
  };
  return { run, parameters: Object.values(parameters).reduce((sum, tensor) => sum + tensor.size, 0) };
}

const encoder = deeplab({ depth: 101 });
const weights = encoder.init(createRandom(1));
const images = tf.randomNormal([2, 256, 256, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
const trainable = Object.keys(weights).filter((name) => !encoder.isBuffer(name));

function encoderStep(): void {
  const { value, grads } = tf.engine().gradients(
    () => tf.mean(tf.square(encoder.apply(weights, images, { training: true }).features.maps[0]!)) as tf.Scalar,
    trainable.map((name) => weights[name]!),
    undefined,
    true,
  );
  value.dataSync();
  tf.dispose([value, ...grads]);
}

console.log(
  '| method | extra parameters | of the encoder | losses, ms | with JAPC, ms | encoder step, ms | extra time of the whole step |',
);
console.log('|---|---:|---:|---:|---:|---:|---:|');
for (const one of process.argv.includes('inference') ? [] : cases) {
  const base = headStep(one, one.method);
  const calibrated = headStep(one, japc(one.method));
  const [plain, withJapc, step] = inTurn([base.run, calibrated.run, encoderStep]) as [number, number, number];
  const extra = calibrated.parameters - base.parameters;
  const share = (withJapc - plain) / (step + plain);
  console.log(
    `| ${one.method.name} | ${extra} | ${((100 * extra) / one.encoder).toFixed(3)} % | ${plain.toFixed(0)} | ${withJapc.toFixed(0)} | ${step.toFixed(0)} | ${(100 * share).toFixed(1)} % |`,
  );
}

console.log('\n| method with JAPC | R = 1, ms | R = 7, ms | encoder, ms | R = 7 over R = 1, encoder included |');
console.log('|---|---:|---:|---:|---:|');
const query = tf.slice(images, [0, 0, 0, 0], [1, -1, -1, -1]) as tf.Tensor4D;
for (const one of cases) {
  const method = japc(one.method);
  // Q-Net and RPT read features of twice the resolution, from an encoder of their own.
  const own = one.threshold ? qnetEncoder({ variant: one.sizes.length === 2 ? 'qnet' : 'rpt' }) : encoder;
  const ownWeights = one.threshold ? own.init(createRandom(1)) : weights;
  const random = createRandom(1);
  const channels = one.sizes.map(() => one.channels);
  const parameters = { ...method.init({ channels, random }), ...method.calibrator?.init({ channels, random }) };
  const [support, asked] = [features(one, 1), features(one, 2)];
  const infer = (raters: number) => {
    const masks = discs(raters);
    return () => {
      tf.tidy(() => {
        segmentFeatures({
          method,
          parameters,
          support,
          query: asked,
          masks,
          shots: allShots(raters, 1),
        }).logits.dataSync();
      });
    };
  };
  const encode = () => {
    tf.tidy(() => own.apply(ownWeights, query, { training: false }).features.maps[0]!.dataSync());
  };
  const [single, seven, encoding] = inTurn([infer(1), infer(7), encode]) as [number, number, number];
  const ratio = (seven + encoding) / (single + encoding);
  console.log(
    `| ${one.method.name} | ${single.toFixed(0)} | ${seven.toFixed(0)} | ${encoding.toFixed(0)} | ${ratio.toFixed(2)} |`,
  );
}
