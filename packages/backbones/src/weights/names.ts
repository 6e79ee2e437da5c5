import { WeightsError } from '@fsmr/core';
import type { WeightArray, Weights } from './array.js';
import { fromKerasResnet50, isKerasResnet50 } from './keras.js';
import { resnetPrefixes, wrapperOf } from './prefixes.js';

/** How a pretrained file is read. */
export interface EncoderWeightsOptions {
  /** Whether a ResNet's `fc` stays, as `backbone.fc`; false unless given. */
  readonly keepClassifier?: boolean;
  /** Under which names the network lies, such as `student.`, where the file holds several; found unless given. */
  readonly prefix?: string;
  /** Named in errors. */
  readonly file?: string | undefined;
}

/**
 * Gives the arrays of a well-known pretrained file the names our encoders use:
 * a Keras ResNet-50 becomes torch's; torchvision's ImageNet ResNets get the prefix `backbone.` and lose their
 * classifier unless `keepClassifier`; of torchvision's DeepLab the pyramid pooling becomes `aspp_out` and both
 * classifiers go. What training programs put before such names (`module.`, `model.backbone.`, `encoder.`, `net.`, ...)
 * goes, and with it all arrays beside the network. Other files, also our own and the published programs', come back as
 * they are.
 *
 * @throws WeightsError where the file holds several ResNets and `prefix` does not say which, or no array begins with
 * `prefix`.
 */
export function asEncoderWeights(weights: Weights, options: EncoderWeightsOptions = {}): Weights {
  const { keepClassifier = false, prefix, file } = options;
  if (prefix !== undefined) return recognise(below(weights, prefix, file), keepClassifier);
  if (isKnown(weights)) return recognise(weights, keepClassifier);
  const prefixes = resnetPrefixes(weights);
  if (prefixes.length > 1) {
    throw new WeightsError(`the file holds ${prefixes.length} ResNets, under ${listed(prefixes)}`, {
      file,
      remedy: `Name one, as in asEncoderWeights(weights, { prefix: '${prefixes[0]}' }), or save it to a file of its own.`,
    });
  }
  if (prefixes.length === 0) return weights;
  return recognise(below(weights, wrapperOf(prefixes[0]!), file), keepClassifier);
}

/** Whether the names are known without anything taken off them. */
function isKnown(weights: Weights): boolean {
  const starts = ['conv1|kernel', 'conv1.weight', 'backbone.conv1.weight', 'encoder.backbone.conv1.weight'];
  return starts.some((name) => weights.has(name));
}

function recognise(weights: Weights, keepClassifier: boolean): Weights {
  if (isKerasResnet50(weights)) return fromKerasResnet50(weights);
  if (weights.has('conv1.weight') && weights.has('layer1.0.conv1.weight')) {
    return rename(weights, (name) => (name.startsWith('fc.') && !keepClassifier ? undefined : `backbone.${name}`));
  }
  if (weights.has('classifier.0.convs.0.0.weight')) return rename(weights, fromTorchvisionDeepLab);
  return weights;
}

/** The arrays below a prefix, by the names that remain. */
function below(weights: Weights, prefix: string, file: string | undefined): Weights {
  const found = rename(weights, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined));
  if (found.size > 0) return found;
  throw new WeightsError(`no array begins with ${prefix}`, { file, remedy: 'Is this the file of another model?' });
}

const listed = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

function fromTorchvisionDeepLab(name: string): string | undefined {
  if (name.startsWith('classifier.0.')) return `aspp_out.0.${name.slice('classifier.0.'.length)}`;
  if (name === 'classifier.1.weight') return 'aspp_out.1.weight';
  return name.startsWith('backbone.') ? name : undefined;
}

function rename(weights: Weights, change: (name: string) => string | undefined): Weights {
  const result = new Map<string, WeightArray>();
  for (const [name, array] of weights) {
    const changed = change(name);
    if (changed !== undefined) result.set(changed, array);
  }
  return result;
}
