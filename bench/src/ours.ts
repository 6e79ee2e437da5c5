/**
 * The measured program on our side: `node ours.mjs depth folder size`. Reads commands from standard input: `eval` and
 * `step` each do the work once and answer with milliseconds; `write` stores what PyTorch shall be compared with.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type CompiledEncoder,
  compileEncoder,
  deeplab,
  loadParameters,
  loadWeights,
  type ResNetDepth,
} from '@fsmr/backbones';
import { type ParameterRecord, sgdSteps } from '@fsmr/core';
import { registerOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';

const [, , depthText = '50', folder = '.', sizeText = '256'] = process.argv;
const size = Number(sizeText);
const threads = Number(process.env.BENCH_THREADS ?? 2);
/** Parameters moved at a time: all of them would hold old and new weights at once. */
const together = 8;
const sgd = { learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4 };

registerOnnxRuntimeBackend({ threads });
await tf.setBackend('onnxruntime');
const encoder = deeplab({ depth: Number(depthText) as ResNetDepth });
const file = join(folder, `resnet${depthText}.safetensors`);
let { parameters }: { parameters: ParameterRecord } = loadParameters(encoder, await loadWeights(file));
const floats = (name: string) => {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};
const images = tf.tensor4d(floats('images.f32'), [2, size, size, 3]);
const target = tf.tensor4d(floats('target.f32'), [2, size / 8, size / 8, 256]);
const names = Object.keys(parameters).filter((name) => !encoder.isBuffer(name));
const velocities: Record<string, tf.Tensor> = {};

/** One training step as PyTorch does it: forward in train mode, squared error, backward, SGD. */
function step(keepGradient?: string): { loss: number; gradient?: Float32Array } {
  let statistics: ParameterRecord = {};
  const { value, grads } = tf.valueAndGrads((...weights: tf.Tensor[]) => {
    const all = { ...parameters, ...Object.fromEntries(names.map((name, index) => [name, weights[index]])) };
    const result = encoder.apply(all as ParameterRecord, images, { training: true });
    for (const tensor of Object.values(result.statistics)) tf.keep(tensor);
    statistics = result.statistics;
    return tf.mean(tf.squaredDifference(result.features.maps[0] as tf.Tensor, target)) as tf.Scalar;
  })(names.map((name) => parameters[name] as tf.Tensor));
  const kept = keepGradient === undefined ? undefined : grads[names.indexOf(keepGradient)];
  const gradient = kept === undefined ? undefined : Float32Array.from(kept.dataSync());
  const next: Record<string, tf.Tensor> = { ...parameters, ...statistics };
  for (let from = 0; from < names.length; from += together) {
    const part = names.slice(from, from + together).map((name, index) => ({
      weight: parameters[name] as tf.Tensor,
      gradient: grads[from + index] as tf.Tensor,
      velocity: velocities[name],
    }));
    sgdSteps(part, sgd).forEach((moved, index) => {
      const name = names[from + index] as string;
      next[name] = moved.weight;
      velocities[name] = moved.velocity;
    });
    tf.dispose(part as never);
  }
  for (const name of Object.keys(statistics)) parameters[name]?.dispose();
  parameters = next;
  const loss = value.dataSync()[0] as number;
  value.dispose();
  return { loss, ...(gradient !== undefined && { gradient }) };
}

let compiled: CompiledEncoder | undefined;
function evaluate(): Float32Array {
  compiled ??= compileEncoder(encoder, parameters);
  const features = compiled.encode(images);
  const values = Float32Array.from((features.maps[0] as tf.Tensor).dataSync());
  tf.dispose(features as never);
  return values;
}

function timed<T>(work: () => T): { result: T; milliseconds: number; cpuMilliseconds: number } {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = work();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { result, milliseconds, cpuMilliseconds: (user + system) / 1000 };
}

const answer = (value: object) => {
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ...value, peakMiB, residentMiB: process.memoryUsage.rss() / 2 ** 20 }));
};

answer({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ');
  if (command === 'eval') {
    const { result, ...times } = timed(evaluate);
    if (argument !== undefined) writeFileSync(join(folder, argument), Buffer.from(result.buffer));
    answer(times);
  } else if (command === 'step') {
    const { result, ...times } = timed(() => step(argument));
    if (result.gradient !== undefined) writeFileSync(join(folder, 'gradient.f32'), Buffer.from(result.gradient.buffer));
    answer({ ...times, loss: result.loss });
  }
}
