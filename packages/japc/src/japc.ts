import { imageAlignment, type PrototypeMethod, withCalibrator } from '@fsmr/core';
import { japcCalibrator } from './calibrator.js';
import { type JapcOptions, resolveOptions } from './options.js';
import { isAttentionParameter } from './parameters.js';
import { isResidualMlpParameter } from './residual-mlp.js';

/**
 * Adds JAPC to a method: `japc(alpnet())` goes wherever `alpnet()` goes.
 *
 * The calibrator's own parameters learn at the full rate; all others keep the factor their method has for them, whatever
 * the prefix. Under the preset `'released'` the alignment loss is taken on the feature grid, as the published program
 * takes it.
 *
 * @param method any prototype method, with or without background prototypes; it is not changed
 * @returns a method of the same type
 * @throws ConfigError on options that make no sense, and for a method of another version of the contract; `init` of two
 * calibrators on one method throws it where they share a prefix.
 */
export function japc<Method extends PrototypeMethod>(method: Method, options: JapcOptions = {}): Method {
  const { prefix, operator } = resolveOptions(options);
  const isOwn = operator === 'residual-mlp' ? isResidualMlpParameter : isAttentionParameter;
  const calibrated = withCalibrator(method, japcCalibrator({ ...options, classes: method.classes }));
  const { alignment } = method;
  return {
    ...calibrated,
    learningRateScale: (name: string) => (isOwn(prefix, name) ? 1 : method.learningRateScale(name)),
    alignment:
      options.preset === 'released' && alignment !== undefined
        ? { ...imageAlignment, ...alignment, targets: 'features' }
        : alignment,
  };
}
