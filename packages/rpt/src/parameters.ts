import type { ParameterRecord, Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { heads } from './bat.js';

/**
 * Fresh parameters of the block for features of `channels` numbers, named and distributed as in the published program:
 * query, key and value matrices normal with variance 2 / (C + C), the joining matrix Xavier normal, everything else as
 * PyTorch starts a linear layer (uniform within one over the root of its inputs). The caller owns the tensors.
 */
export function initParameters(channels: number, random: Random): ParameterRecord {
  const wide = heads * channels;
  const hidden = 2 * channels;
  const projection = (name: string) => ({
    [`${name}.weight`]: normal([wide, channels], Math.sqrt(2 / (channels + channels)), random.fork(`${name}.weight`)),
    [`${name}.bias`]: uniform([wide], channels, random.fork(`${name}.bias`)),
  });
  const plain = (name: string, rows: number, columns: number) => ({
    [`${name}.weight`]: uniform([rows, columns], columns, random.fork(`${name}.weight`)),
    [`${name}.bias`]: uniform([rows], columns, random.fork(`${name}.bias`)),
  });
  const norm = (name: string) => ({
    [`${name}.weight`]: tf.ones([channels]),
    [`${name}.bias`]: tf.zeros([channels]),
  });
  return {
    ...projection('MHA.w_qs'),
    ...projection('MHA.w_ks'),
    ...projection('MHA.w_vs'),
    'MHA.fc.weight': normal([channels, wide], Math.sqrt(2 / (wide + channels)), random.fork('MHA.fc.weight')),
    'MHA.fc.bias': uniform([channels], wide, random.fork('MHA.fc.bias')),
    ...norm('MHA.layer_norm'),
    ...plain('MLP.mlp.0', hidden, channels),
    ...plain('MLP.mlp.2', channels, hidden),
    ...norm('MLP.norm'),
    ...norm('layer_norm'),
  };
}

function filled(shape: number[], draw: () => number): tf.Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  // Filled in place: `Float32Array.from` with a function is many times slower.
  return tf.tensor(new Float32Array(size).map(draw), shape);
}

function normal(shape: number[], deviation: number, random: Random): tf.Tensor {
  return filled(shape, () => deviation * random.normal());
}

function uniform(shape: number[], inputs: number, random: Random): tf.Tensor {
  const bound = 1 / Math.sqrt(inputs);
  return filled(shape, () => random.uniform(-bound, bound));
}
