/** From process start to the first ResNet-50 feature map: `node startup.mjs folder size`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEncoder, resnet50 } from '@fsmr/backbones';
import { registerOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';

const [, , folder = '.', sizeText = '256'] = process.argv;
const size = Number(sizeText);
registerOnnxRuntimeBackend({ threads: Number(process.env.BENCH_THREADS ?? 2) });
await tf.setBackend('onnxruntime');
const encoder = await openEncoder(resnet50(), join(folder, 'resnet50.safetensors'));
const bytes = readFileSync(join(folder, 'images.f32'));
const images = tf.tensor4d(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), [2, size, size, 3]);
const features = encoder.encode(tf.slice(images, 0, 1));
console.log((features.maps[0] as tf.Tensor).dataSync()[0]);
