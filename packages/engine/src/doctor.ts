import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { silence, startEngine } from './start.js';
import type { Engine, EngineOptions } from './types.js';

/** What a person needs to know about the machine and the engine. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly tfjs: string;
  /** Versions of TensorFlow.js found from different places; two copies do not share tensors. */
  readonly copies: readonly string[];
  readonly engine: Engine;
  /** Billions of floating point operations a second in a product of 512 x 512 matrices, the median of several. */
  readonly matrixGflops: number;
  /** The same for a 3 x 3 convolution of 32 x 32 x 256. */
  readonly convolutionGflops: number;
  /** The largest difference of a product and a convolution from the cpu backend's, over the largest value. */
  readonly relativeError: number;
}

/** Starts the engine and examines it; takes a few seconds. @throws EngineError as {@link startEngine} does. */
export async function doctor(options: EngineOptions = {}): Promise<Diagnosis> {
  const engine = await startEngine(options);
  const backend = tf.getBackend();
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    tfjs: tf.version_core,
    copies: copiesOfTensorFlow(),
    engine,
    matrixGflops: await speed(2 * 512 ** 3, [[512, 512]], ([matrix]) =>
      tf.matMul(matrix as tf.Tensor2D, matrix as tf.Tensor2D),
    ),
    convolutionGflops: await speed(
      2 * 32 * 32 * 9 * 256 * 256,
      [
        [1, 32, 32, 256],
        [3, 3, 256, 256],
      ],
      ([image, kernel]) => tf.conv2d(image as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same'),
    ),
    relativeError: await compareWithCpu(backend),
  };
}

async function speed(
  operations: number,
  shapes: readonly number[][],
  run: (inputs: readonly tf.Tensor[]) => tf.Tensor,
): Promise<number> {
  const inputs = shapes.map((shape) => tf.ones(shape));
  const time = async (): Promise<number> => {
    const start = performance.now();
    const result = run(inputs);
    await result.data();
    result.dispose();
    return performance.now() - start;
  };
  await time(); // compiles the operation and sends the inputs to the device
  const times: number[] = [];
  for (let i = 0; i < 7; i++) times.push(await time());
  tf.dispose(inputs);
  times.sort((a, b) => a - b);
  return operations / times[3]! / 1e6;
}

const wave = (length: number, of: (x: number) => number) => Float32Array.from({ length }, (_, index) => of(index));

async function compareWithCpu(backend: string): Promise<number> {
  const compute = async (): Promise<Float32Array> => {
    const result = tf.tidy(() => {
      const image = tf.tensor4d(wave(16 * 16 * 8, Math.sin), [1, 16, 16, 8]);
      const kernel = tf.tensor4d(wave(3 * 3 * 8 * 4, Math.cos), [3, 3, 8, 4]);
      const map = tf.reshape(tf.conv2d(image, kernel, 1, 'same'), [256, 4]) as tf.Tensor2D;
      return tf.concat([tf.reshape(map, [-1]), tf.reshape(tf.matMul(map, map, true), [-1])]);
    });
    const values = (await result.data()) as Float32Array;
    result.dispose();
    return values;
  };
  const own = await compute();
  const quiet = silence();
  let expected: Float32Array;
  try {
    await tf.setBackend('cpu');
    expected = await compute();
  } finally {
    await tf.setBackend(backend);
    quiet();
  }
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i]!)), 0) / scale;
}

function copiesOfTensorFlow(): string[] {
  const places = [import.meta.url, `file://${process.cwd()}/package.json`];
  const found = places.flatMap((place) => {
    try {
      return [createRequire(place).resolve('@tensorflow/tfjs')];
    } catch {
      return [];
    }
  });
  return [...new Set(found)];
}

/** A diagnosis as lines for the terminal. */
export function describeDiagnosis(diagnosis: Diagnosis): string {
  const { engine, copies } = diagnosis;
  const lines = [
    `Node ${diagnosis.node} on ${diagnosis.platform}, ${diagnosis.processors} processors (${diagnosis.processor}), ${diagnosis.memoryGiB} GiB`,
    `TensorFlow.js ${diagnosis.tfjs}`,
    `Engine: ${engine.backend}, ${engine.reason}`,
    ...engine.failures.map(({ backend, cause, remedy }) => `  ${backend}: ${cause} ${remedy}`),
    `Speed: matrix product ${diagnosis.matrixGflops.toFixed(0)} GFLOP/s, convolution ${diagnosis.convolutionGflops.toFixed(0)} GFLOP/s`,
    `Correctness: relative difference from the cpu backend ${diagnosis.relativeError.toExponential(1)}`,
  ];
  if (copies.length > 1) {
    lines.push(
      `Two copies of TensorFlow.js are installed, which do not share tensors; run npm dedupe: ${copies.join(', ')}`,
    );
  }
  return lines.join('\n');
}
