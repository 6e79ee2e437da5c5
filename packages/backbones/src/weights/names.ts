import type { WeightArray, Weights } from './array.js';
import { fromKerasResnet50, isKerasResnet50 } from './keras.js';

/**
 * Gives the arrays of a well-known pretrained file the names our encoders use:
 * a Keras ResNet-50 becomes torch's; torchvision's ImageNet ResNets get the prefix `backbone.` and lose their
 * classifier unless `keepClassifier`; of torchvision's DeepLab the pyramid pooling becomes `aspp_out` and both
 * classifiers go. Other files, also our own and the published programs', come back as they are.
 */
export function asEncoderWeights(weights: Weights, { keepClassifier = false } = {}): Weights {
  if (isKerasResnet50(weights)) return fromKerasResnet50(weights);
  if (weights.has('conv1.weight') && weights.has('layer1.0.conv1.weight')) {
    return rename(weights, (name) => (name.startsWith('fc.') && !keepClassifier ? undefined : `backbone.${name}`));
  }
  if (weights.has('classifier.0.convs.0.0.weight')) return rename(weights, fromTorchvisionDeepLab);
  return weights;
}

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
