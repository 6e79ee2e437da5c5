import * as tf from '@tensorflow/tfjs';
import { resizeBilinear } from '../ops/index.js';
import type { DecodeInputs, PrototypeMethod } from './method.js';
import type { PrototypeCalibrator } from './prototypes.js';

type Optional =
  | 'specificationVersion'
  | 'classes'
  | 'maskResolution'
  | 'classWeights'
  | 'init'
  | 'learningRateScale'
  | 'share'
  | 'decode';

/** What a method must say; everything else has a default. */
export type MethodDefinition<Shared> = Omit<PrototypeMethod<Shared>, Optional> &
  Partial<Pick<PrototypeMethod<Shared>, Optional>>;

/** Alignment as PANet and ALPNet take it: hard masks on the feature grid, the loss on the upsampled image. */
export const imageAlignment = { predictedMask: 'features', targets: 'image', skipEmpty: false } as const;

/**
 * Similarities of both classes as logits: stacked background first, then resized bilinearly (align_corners false).
 *
 * @returns [R, height, width, 2]
 */
export function stackedLogits({ similarities, size }: DecodeInputs): tf.Tensor4D {
  return tf.tidy(() => {
    const maps = [similarities.background![0]!, similarities.foreground![0]!];
    return resizeBilinear(tf.stack(maps, 3) as tf.Tensor4D, size, { alignCorners: false });
  });
}

/**
 * Completes a method: both classes, masks on the feature grid, no parameters, published class weights 0.05 and 1,
 * nothing shared between raters, {@link stackedLogits}, and {@link imageAlignment} unless `alignment` is given.
 */
export function definePrototypeMethod<Shared = undefined>(
  definition: MethodDefinition<Shared>,
): PrototypeMethod<Shared> {
  return {
    specificationVersion: 'fsmr-1',
    classes: ['background', 'foreground'],
    maskResolution: 'features',
    classWeights: [0.05, 1],
    alignment: imageAlignment,
    init: () => ({}),
    learningRateScale: () => 1,
    share: () => undefined as Shared,
    decode: stackedLogits,
    ...definition,
  };
}

/**
 * The method with a calibrator between extraction and scoring. The result has the type of what it wraps; a calibrator
 * already there runs first, and both losses count.
 */
export function withCalibrator<Method extends PrototypeMethod>(
  method: Method,
  calibrator: PrototypeCalibrator,
): Method {
  const inner = method.calibrator;
  return {
    ...method,
    name: `${method.name}+${calibrator.name}`,
    calibrator: inner === undefined ? calibrator : chain(inner, calibrator),
  };
}

function chain(first: PrototypeCalibrator, second: PrototypeCalibrator): PrototypeCalibrator {
  return {
    name: `${first.name}+${second.name}`,
    consensus: second.consensus,
    init: (inputs) => ({ ...first.init(inputs), ...second.init(inputs) }),
    calibrate: (inputs) => {
      const once = first.calibrate(inputs);
      const twice = second.calibrate({ ...inputs, raters: once.raters });
      return { ...twice, loss: tf.add(once.loss, twice.loss) };
    },
  };
}
