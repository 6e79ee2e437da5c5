import * as tf from '@tensorflow/tfjs';
import { ConfigError, ShapeError } from '../errors.js';
import { resizeBilinear } from '../ops/index.js';
import { joinParameters } from './join-parameters.js';
import type { DecodeInputs, PrototypeMethod } from './method.js';
import type { PrototypeCalibrator } from './prototypes.js';
import { checkSpecificationVersion, contractVersion } from './version.js';

type Optional =
  | 'specificationVersion'
  | 'classes'
  | 'maskResolution'
  | 'classWeights'
  | 'init'
  | 'learningRateScale'
  | 'share'
  | 'decode';

/** Every member of the contract. */
const members: Readonly<Record<keyof PrototypeMethod, true>> = {
  specificationVersion: true,
  name: true,
  classes: true,
  maskResolution: true,
  classWeights: true,
  alignment: true,
  calibrator: true,
  init: true,
  learningRateScale: true,
  share: true,
  extract: true,
  score: true,
  decode: true,
  refine: true,
  auxiliaryLosses: true,
};

/**
 * A method with every member of its own, so that a spread copies it whole. Methods that are plain values are so already;
 * functions of a class lie on its prototype.
 */
export function plainMethod<Method extends PrototypeMethod>(method: Method): Method {
  const inherited = (Object.keys(members) as (keyof PrototypeMethod)[]).flatMap((name) => {
    const value: unknown = method[name];
    if (value === undefined || Object.hasOwn(method, name)) return [];
    return [[name, typeof value === 'function' ? value.bind(method) : value]];
  });
  return { ...method, ...Object.fromEntries(inherited) };
}

/** What a method must say; everything else has a default. */
export type MethodDefinition<Shared> = Omit<PrototypeMethod<Shared>, Optional> &
  Partial<Pick<PrototypeMethod<Shared>, Optional>>;

/** Alignment as PANet and ALPNet take it: hard masks on the feature grid, the loss on the upsampled image. */
export const imageAlignment = { predictedMask: 'features', targets: 'image', skipEmpty: false } as const;

/**
 * Similarities of both classes as logits: stacked background first, then resized bilinearly (align_corners false).
 *
 * @returns [R, height, width, 2]
 * @throws ShapeError for more or fewer than one level, and where a class is missing.
 */
export function stackedLogits({ similarities, size }: DecodeInputs): tf.Tensor4D {
  const levels = [similarities.background?.length ?? 0, similarities.foreground?.length ?? 0];
  if (levels.some((count) => count !== 1)) {
    throw new ShapeError(
      `one similarity map of background and foreground each, but ${levels.join(' and ')} were given.`,
      {
        remedy: 'Give the method a `decode` of its own.',
      },
    );
  }
  return tf.tidy(() => {
    const maps = [similarities.background![0]!, similarities.foreground![0]!];
    return resizeBilinear(tf.stack(maps, 3) as tf.Tensor4D, size, { alignCorners: false });
  });
}

/**
 * Completes a method: both classes, masks on the feature grid, no parameters, published class weights 0.05 and 1,
 * nothing shared between raters, {@link stackedLogits}, and {@link imageAlignment} unless `alignment` is given.
 *
 * @throws ConfigError for a method of one class without `decode`, which the default cannot know, and for another version of
 * the contract.
 */
export function definePrototypeMethod<Shared = undefined>(
  definition: MethodDefinition<Shared>,
): PrototypeMethod<Shared> {
  if (definition.classes !== undefined && definition.classes.length < 2 && definition.decode === undefined) {
    throw new ConfigError(`method ${definition.name} has prototypes of one class and no decode.`, {
      remedy: 'Give it a `decode` that makes logits of both classes from its similarities.',
    });
  }
  const method: PrototypeMethod<Shared> = {
    specificationVersion: contractVersion,
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
  checkSpecificationVersion(method);
  return method;
}

/**
 * The method with a calibrator between extraction and scoring. The result has the type of what it wraps; a calibrator
 * already there runs first, and both losses count.
 *
 * @throws ConfigError where both want another consensus, and for a method of another version of the contract. `init` of the
 * two calibrators together throws ConfigError where they have a parameter of one name.
 */
export function withCalibrator<Method extends PrototypeMethod>(
  method: Method,
  calibrator: PrototypeCalibrator,
): Method {
  checkSpecificationVersion(method);
  const inner = method.calibrator;
  return {
    ...plainMethod(method),
    name: `${method.name}+${calibrator.name}`,
    calibrator: inner === undefined ? calibrator : chain(inner, calibrator),
  };
}

function chain(first: PrototypeCalibrator, second: PrototypeCalibrator): PrototypeCalibrator {
  const [own, other] = [first.consensus ?? 'soft', second.consensus ?? 'soft'];
  if (own !== other) {
    throw new ConfigError(`${first.name} takes the ${own} consensus and ${second.name} the ${other} one.`, {
      remedy: 'Give both calibrators the same, as they see the same prototypes.',
    });
  }
  return {
    name: `${first.name}+${second.name}`,
    consensus: second.consensus,
    init: (inputs) => joinParameters([first, second].map((own) => ({ name: own.name, init: () => own.init(inputs) }))),
    calibrate: (inputs) => {
      const once = first.calibrate(inputs);
      const twice = second.calibrate({ ...inputs, raters: once.raters });
      return { ...twice, loss: tf.add(once.loss, twice.loss) };
    },
  };
}
