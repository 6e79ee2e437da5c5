import { batchNormEval, maxPool2d } from '@fsmr/core';
import { expectClose, sharedFolder, sharedPath } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { resnet50 } from '../deeplab.js';
import { resnetLayout } from '../resnet/layout.js';
import { resnetStages } from '../resnet/plan.js';
import { tensorSteps } from '../tensor-steps.js';
import { loadParameters } from './apply.js';
import type { Weights } from './array.js';
import { loadWeights } from './load.js';
import { asEncoderWeights } from './names.js';

describe.skipIf(sharedFolder === undefined)('the ImageNet ResNet-50 in Keras layout', () => {
  let keras: Weights;
  beforeAll(async () => {
    keras = await loadWeights(sharedPath('weights', 'resnet50_imagenet_keras_conv1-conv4.npz'));
  });

  it('fills three stages to the last tensor; only the head is missing', () => {
    const { missing, surplus, parameters } = loadParameters(resnet50({ layers: 3 }), asEncoderWeights(keras), {
      strict: false,
    });
    expect([missing, surplus]).toEqual([['localconv.weight'], []]);
    tf.dispose({ ...parameters });
  });

  it('computes what Keras computes on blue, green, red grey levels', () => {
    const get = (name: string): tf.Tensor => {
      const { shape, data } = keras.get(name)!;
      return tf.tensor(Float32Array.from(data), [...shape]);
    };
    const convNorm = (
      x: tf.Tensor4D,
      conv: string,
      norm: string,
      stride: number,
      pad: number | 'same',
    ): tf.Tensor4D => {
      const y = tf.add(
        tf.conv2d(x, get(`${conv}|kernel`) as tf.Tensor4D, stride, pad),
        get(`${conv}|bias`),
      ) as tf.Tensor4D;
      const vector = (name: string) => get(`${norm}|${name}`) as tf.Tensor1D;
      const statistics = { mean: vector('moving_mean'), variance: vector('moving_variance') };
      return batchNormEval(y, vector('gamma'), vector('beta'), statistics, { epsilon: 1e-3 });
    };
    const block = (x: tf.Tensor4D, name: string, first: boolean): tf.Tensor4D => {
      const conv = (branch: string) => [`res${name}_branch${branch}`, `bn${name}_branch${branch}`] as const;
      let y = tf.relu(convNorm(x, ...conv('2a'), 1, 'same'));
      y = tf.relu(convNorm(y, ...conv('2b'), 1, 'same'));
      y = convNorm(y, ...conv('2c'), 1, 'same');
      return tf.relu(tf.add(y, first ? convNorm(x, ...conv('1'), 1, 'same') : x)) as tf.Tensor4D;
    };
    const rgb: tf.Tensor4D = tf.randomNormal([1, 32, 32, 3], 0, 1, 'float32', 1);
    const levels = tf.reverse(tf.mul(rgb, [58.395, 57.12, 57.375]), 3) as tf.Tensor4D;
    let expected = maxPool2d(tf.relu(convNorm(levels, 'conv1', 'bn_conv1', 2, 3)), { size: 3, stride: 2, padding: 1 });
    for (const letter of 'abc') expected = block(expected, `2${letter}`, letter === 'a');

    const layout = resnetLayout({ block: 'bottleneck', blocks: [3], dilated: [false, true, true] });
    const encoder = resnet50({ layers: 1 });
    const { parameters } = loadParameters(encoder, asEncoderWeights(keras), { strict: false });
    const { steps } = tensorSteps(parameters, false);
    const [actual] = resnetStages<tf.Tensor>(steps, rgb, layout, 'backbone.', [0]);
    expectClose(actual!, expected);
  });
});
