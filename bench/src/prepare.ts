/** Writes weights and images that both programs read: `node prepare.mjs folder size depth...`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deeplab, type ResNetDepth, saveSafetensors } from '@fsmr/backbones';
import { createRandom } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

const [, , folder = '.', sizeText = '256', ...depths] = process.argv;
const size = Number(sizeText);
await tf.setBackend('cpu');
const write = (name: string, shape: number[], seed: number) => {
  const values = tf.randomNormal(shape, 0, 1, 'float32', seed).dataSync() as Float32Array;
  writeFileSync(join(folder, name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
};
write('images.f32', [2, size, size, 3], 1);
write('target.f32', [2, size / 8, size / 8, 256], 2);
for (const depth of depths) {
  const parameters = deeplab({ depth: Number(depth) as ResNetDepth }).init(createRandom(3));
  await saveSafetensors(join(folder, `resnet${depth}.safetensors`), parameters);
}
