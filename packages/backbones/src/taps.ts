import { ConfigError, type FeatureMaps, type ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { checkImages, type Encoder } from './encoder.js';
import type { Plan, Steps } from './steps.js';
import { tensorSteps } from './tensor-steps.js';

/** A place inside an encoder whose map a decoder can be given besides the features. */
export interface Tap {
  /** The normalisation whose result it is. */
  readonly name: string;
  readonly channels: number;
  /** Image pixels a cell spans. */
  readonly stride: number;
}

interface Traced {
  readonly channels: number;
  readonly stride: number;
}

/**
 * The last map of every resolution inside an encoder, finest first: of a ResNet the stem and the last block of the
 * stages that halve the resolution next. The plan is run on shapes alone.
 */
export function encoderTaps({ plan }: { readonly plan: Plan }): Tap[] {
  const found = new Map<number, Tap & { readonly block: boolean }>();
  const steps: Steps<Traced> = {
    convNorm(x, step, residual) {
      const y = { channels: step.outputs, stride: x.stride * step.stride };
      const block = residual !== undefined;
      // Convolutions inside a block are no places to tap, and a block may begin at the resolution of the one before.
      if (step.relu && (block || found.get(y.stride)?.block !== true)) {
        found.set(y.stride, { name: step.norm, ...y, block });
      }
      return y;
    },
    head: (x, { outputs }) => ({ ...x, channels: outputs }),
    maxPool: (x) => ({ ...x, stride: 2 * x.stride }),
    mean: (x) => x,
    linear: (x) => x,
    free: () => undefined,
  };
  plan(steps, { channels: 3, stride: 1 });
  return [...found.values()]
    .map(({ name, channels, stride }) => ({ name, channels, stride }))
    .sort((a, b) => a.stride - b.stride);
}

/** What {@link applyWithTaps} returns; the caller owns all tensors. */
export interface TappedFeatures {
  readonly features: FeatureMaps;
  /** The maps [B, h, w, C] of the taps, in the order they were asked for. */
  readonly taps: readonly tf.Tensor4D[];
  /** In training the new running statistics, as of the encoder's own `apply`. */
  readonly statistics: ParameterRecord;
}

/**
 * An encoder's features together with maps from inside it, differentiable as `apply` is.
 *
 * @param images [B, H, W, 3], normalised
 * @param taps some of {@link encoderTaps}
 * @throws ConfigError for a tap this encoder does not have; ShapeError for what is no batch of images of three channels.
 */
export function applyWithTaps(
  { name, plan }: Pick<Encoder, 'name' | 'plan'>,
  parameters: ParameterRecord,
  images: tf.Tensor4D,
  taps: readonly Tap[],
  { training }: { readonly training: boolean },
): TappedFeatures {
  checkImages(images);
  return tf.tidy(() => {
    const { steps, statistics } = tensorSteps(parameters, training);
    const wanted = new Set(taps.map((tap) => tap.name));
    const kept = new Map<string, tf.Tensor>();
    const held = new Set<tf.Tensor>();
    const tapping: Steps<tf.Tensor> = {
      ...steps,
      convNorm(x, step, residual) {
        const y = steps.convNorm(x, step, residual);
        if (wanted.has(step.norm)) {
          kept.set(step.norm, y);
          held.add(y);
        }
        return y;
      },
      free: (x) => {
        if (!held.has(x)) steps.free(x);
      },
    };
    const { maps, threshold } = plan<tf.Tensor>(tapping, tf.cast(images, 'float32'));
    const missing = taps.find((tap) => !kept.has(tap.name));
    if (missing !== undefined) throw new ConfigError(`the encoder ${name} has no map ${missing.name}.`);
    return {
      features: { maps: [...maps], ...(threshold !== undefined && { threshold }) },
      taps: taps.map((tap) => kept.get(tap.name)!),
      statistics,
    } as never;
  });
}
