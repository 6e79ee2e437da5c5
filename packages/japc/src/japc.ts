import { imageAlignment, type PrototypeMethod, withCalibrator } from '@fsmr/core';
import { japcCalibrator } from './calibrator.js';
import { type JapcOptions, resolveOptions } from './options.js';

/**
 * Adds JAPC to a method: `japc(alpnet())` goes wherever `alpnet()` goes.
 *
 * The projections learn at the full rate, whatever factor the method has for parameters of its own. Under the preset
 * `'released'` the alignment loss is taken on the feature grid, as the published program takes it.
 *
 * @param method any prototype method, with or without background prototypes; it is not changed
 * @returns a method of the same type
 * @throws ConfigError on options that make no sense.
 */
export function japc<Method extends PrototypeMethod>(method: Method, options: JapcOptions = {}): Method {
  const { prefix } = resolveOptions(options);
  const calibrated = withCalibrator(method, japcCalibrator({ ...options, classes: method.classes }));
  const { alignment } = method;
  return {
    ...calibrated,
    learningRateScale: (name: string) => (name.startsWith(prefix) ? 1 : method.learningRateScale(name)),
    alignment:
      options.preset === 'released' && alignment !== undefined
        ? { ...imageAlignment, ...alignment, targets: 'features' }
        : alignment,
  };
}
