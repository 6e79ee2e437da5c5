import { isBuffer } from '@fsmr/backbones';
import { type ParameterRecord, type Random, withPrefix } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { adamAlong, type Trained } from '../learning/adam.js';
import { differentiate } from '../learning/differentiate.js';
import { type Pass, startPass } from '../network/pass.js';
import { combine } from './combiner.js';
import { klDivergence, sampleGaussian } from './gaussian.js';
import { gaussianEncoder } from './gaussian-encoder.js';
import { boundLoss, generalisedDiceLoss, normSum } from './losses.js';
import type { Dpersona } from './model.js';
import { attendBank, isHead, projectionHead } from './projection-heads.js';

/** Images and what raters drew on them. */
export interface DpersonaBatch {
  /** [B, H, W, 3], normalised. */
  readonly images: tf.Tensor4D;
  /** [B, H, W, R], 0 or 1, in the order of the raters. */
  readonly masks: tf.Tensor4D;
}

/** The published constants. */
export const dpersonaConstants = {
  learningRate: 1e-4,
  /** Samples of the prior the bound loss looks at. */
  boundSamples: 10,
  boundWeight: 0.5,
  regularisation: 1e-5,
  /** Samples of the bank in stage 2. */
  trainingBank: 100,
  /** Samples of the bank when an image is segmented. */
  testBank: 500,
} as const;

/** Parts of the first stage's loss, each a scalar. */
export interface DiversityLosses {
  readonly total: tf.Scalar;
  readonly reconstruction: tf.Scalar;
  readonly divergence: tf.Scalar;
  readonly bound: tf.Scalar;
  readonly regularisation: tf.Scalar;
}

/**
 * The loss of stage 1 (spec section 11.4 B1): a sample of the posterior must give the mask of a random rater, prior and
 * posterior must agree, samples of the prior must span what raters drew.
 */
export function diversityLosses(
  model: Dpersona,
  parameters: ParameterRecord,
  { images, masks }: DpersonaBatch,
  random: Random,
): { readonly losses: DiversityLosses; readonly statistics: ParameterRecord } {
  return tf.tidy(() => {
    const pass = startPass(parameters, { training: true });
    const { features, statistics } = model.features.apply(parameters, images, { training: true });
    const prior = gaussianEncoder(pass, 'prior', images);
    const posterior = gaussianEncoder(pass, 'posterior', tf.concat([images, masks], 3) as tf.Tensor4D);
    const rater = random.integer(0, model.raters - 1);
    const drawn = combine(pass, features, sampleGaussian(posterior, 1, random));
    const reconstruction = generalisedDiceLoss(drawn, tf.slice(masks, [0, 0, 0, rater], [-1, -1, -1, 1]));
    const divergence = tf.mean(klDivergence(posterior, prior)) as tf.Scalar;
    const samples = combine(pass, features, sampleGaussian(prior, dpersonaConstants.boundSamples, random));
    const bound = boundLoss(samples, masks);
    const regularisation = tf.mul(
      tf.addN(['posterior.', 'prior.', 'fcomb.layers.'].map((prefix) => normSum(withPrefix(parameters, prefix)))),
      dpersonaConstants.regularisation,
    ) as tf.Scalar;
    const weighted = tf.mul(bound, dpersonaConstants.boundWeight) as tf.Scalar;
    const total = tf.addN([reconstruction, divergence, weighted, regularisation]) as tf.Scalar;
    return { losses: { total, reconstruction, divergence, bound, regularisation }, statistics } as never;
  });
}

/**
 * One step of stage 1, which moves everything but the projection heads. Where the loss is not a number the step is
 * skipped and the state returned as it was.
 *
 * @returns the next state and the loss, NaN where skipped; tensors of the old state are freed.
 */
export function diversifyStep(
  model: Dpersona,
  state: Trained,
  batch: DpersonaBatch,
  random: Random,
  learningRate: number = dpersonaConstants.learningRate,
): { readonly state: Trained; readonly loss: number } {
  const { parameters } = state;
  const passed = differentiate(
    parameters,
    () => {
      const { losses, statistics } = diversityLosses(model, parameters, batch, random);
      return { loss: losses.total, rest: statistics };
    },
    (name) => !isBuffer(name) && !isHead(name),
  );
  return skipped(adamAlong(state, passed, passed.rest, { learningRate }));
}

/** A loss that is infinite was skipped as one that is no number. */
function skipped({ state, loss }: { readonly state: Trained; readonly loss: number }) {
  return { state, loss: Number.isFinite(loss) ? loss : Number.NaN };
}

/**
 * Every rater's logits for a bank of samples.
 *
 * @param features [B, H, W, 16]
 * @param bank [B, N, D]
 * @param random for dropout in training
 * @returns [B, H, W, R]
 */
export function personalLogits(
  { raters, headPadding }: Pick<Dpersona, 'raters' | 'headPadding'>,
  pass: Pass,
  features: tf.Tensor4D,
  bank: tf.Tensor3D,
  random?: Random,
): tf.Tensor4D {
  return tf.tidy(() => {
    const points = Array.from({ length: raters }, (_, head) => {
      const options = { padding: headPadding, ...(random !== undefined && { random }) };
      return attendBank(projectionHead(pass, features, head, options), bank);
    });
    return combine(pass, features, tf.stack(points, 1) as tf.Tensor3D);
  });
}

/**
 * One step of stage 2 (spec section 11.4 B2), which moves the projection heads alone; the feature network's running
 * statistics move too, since it stays in training.
 *
 * @returns the next state and the loss, NaN where the step was skipped because the loss was.
 */
export function personaliseStep(
  model: Dpersona,
  state: Trained,
  { images, masks }: DpersonaBatch,
  random: Random,
  learningRate: number = dpersonaConstants.learningRate,
): { readonly state: Trained; readonly loss: number } {
  const { parameters } = state;
  const pass = startPass(parameters, { training: true });
  const { features, statistics } = model.features.apply(parameters, images, { training: true });
  const bank = tf.tidy(() =>
    sampleGaussian(gaussianEncoder(pass, 'prior', images), dpersonaConstants.trainingBank, random),
  );
  const passed = differentiate(
    parameters,
    () => ({
      loss: generalisedDiceLoss(personalLogits(model, pass, features, bank, random), masks),
      rest: {},
    }),
    isHead,
  );
  tf.dispose([features, bank]);
  return skipped(adamAlong(state, passed, statistics, { learningRate }));
}

/**
 * Every rater's logits of one image outside training (spec section 11.4 B5). Random only in the bank.
 *
 * @param image [1, H, W, 3], normalised
 * @returns [1, H, W, R]; foreground above 0. The caller owns it.
 */
export function dpersonaLogits(
  model: Dpersona,
  parameters: ParameterRecord,
  image: tf.Tensor4D,
  random: Random,
  samples: number = dpersonaConstants.testBank,
): tf.Tensor4D {
  return tf.tidy(() => {
    const pass = startPass(parameters, { training: false });
    const { features } = model.features.apply(parameters, image, { training: false });
    const bank = sampleGaussian(gaussianEncoder(pass, 'prior', image), samples, random);
    return personalLogits(model, pass, features, bank);
  });
}
