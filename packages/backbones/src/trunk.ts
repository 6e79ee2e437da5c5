import { defineEncoder, type Encoder } from './encoder.js';
import { type ResNetOptions, resnetLayout } from './resnet/layout.js';
import { resnetStages } from './resnet/plan.js';
import { resnetSpecs } from './resnet/specs.js';

/**
 * A residual network without a head: its map is what the last stage gives. Decoders that read its inner maps take them
 * with `applyWithTaps`.
 *
 * Parameters: `conv1.weight`, `bn1.*`, `layer1.0.*`, ... as torchvision names them.
 *
 * @see He et al., Deep Residual Learning for Image Recognition, CVPR 2016.
 */
export function resnetTrunk(options: ResNetOptions, name: string): Encoder {
  const layout = resnetLayout(options);
  const last = layout.stages.length - 1;
  return defineEncoder({
    name,
    channels: [layout.channels[last]!],
    strides: [layout.strides[last]!],
    hasThreshold: false,
    specs: resnetSpecs(layout, ''),
    plan: (steps, images) => ({ maps: resnetStages(steps, images, layout, '', [last]) }),
  });
}
