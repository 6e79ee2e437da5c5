import { type Backbone, type ParameterRecord, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { initParameters, isBuffer, type ParameterSpecs } from './parameters.js';
import type { Plan } from './steps.js';
import { tensorSteps } from './tensor-steps.js';

/** A backbone whose parameters and steps are known before it runs, so that it can be loaded, saved and exported. */
export interface Encoder extends Backbone {
  /** Shape and first value of every parameter by name, in the order they are saved. */
  readonly specs: ParameterSpecs;
  /** The steps from images to feature maps. */
  readonly plan: Plan;
}

/** What tells one encoder from another. */
export type EncoderDefinition = Pick<Encoder, 'name' | 'channels' | 'strides' | 'hasThreshold' | 'specs' | 'plan'>;

/** Completes an encoder: fresh parameters from its specs, features from its plan. */
export function defineEncoder(definition: EncoderDefinition): Encoder {
  const { specs, plan } = definition;
  return {
    ...definition,
    init: (random) => initParameters(specs, random),
    isBuffer,
    apply: (parameters, images, { training }) => {
      checkImages(images);
      // Pictures come as integers from tf.browser.fromPixels and decoders, which kernels would read as something else.
      return tf.tidy(() => run(plan, parameters, tf.cast(images, 'float32'), training)) as unknown as ReturnType<
        Backbone['apply']
      >;
    },
  };
}

/** @throws ShapeError for what is no batch of images of three channels. */
export function checkImages(images: tf.Tensor): void {
  if (images.shape.length === 4 && images.shape[3] === 3) return;
  throw new ShapeError(`an encoder takes images of 3 channels, not [${images.shape}].`, {
    remedy: 'Repeat a grey image three times, and give a batch [B, H, W, 3].',
  });
}

function run(plan: Plan, parameters: ParameterRecord, images: tf.Tensor4D, training: boolean): tf.TensorContainer {
  const { steps, statistics } = tensorSteps(parameters, training);
  const { maps, threshold } = plan<tf.Tensor>(steps, images);
  return { features: { maps: [...maps], ...(threshold !== undefined && { threshold }) }, statistics };
}
