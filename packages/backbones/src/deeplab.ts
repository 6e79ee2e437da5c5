import { defineEncoder, type Encoder } from './encoder.js';
import { defaultKernel, normSpecs, type ParameterSpecs } from './parameters.js';
import { blocksOfDepth, type ResNetDepth, type ResNetOptions, resnetLayout } from './resnet/layout.js';
import { resnetStages } from './resnet/plan.js';
import { resnetSpecs } from './resnet/specs.js';

/** What shapes a DeepLab encoder. */
export interface DeepLabOptions {
  readonly depth: ResNetDepth;
  /** Stages kept, 4 unless given; with 3 the head sits on layer3, which spares the largest stage. */
  readonly layers?: 1 | 2 | 3 | 4;
  /** Channels of the head, 256 unless given. */
  readonly channels?: number;
  /**
   * Whether the unused parts of the published model (`asppconv`, `aspp_out`) are among the parameters, so that a
   * checkpoint of the published programs fits to the last tensor. They take no part in any result.
   */
  readonly aspp?: boolean;
  /** The convolution of a bottleneck that strides, see {@link ResNetOptions}. */
  readonly strideOn?: '3x3' | '1x1';
}

/**
 * The encoder of ALPNet, DSPNet and JAPC: a ResNet whose last two stages are dilated, so that a cell spans 8 pixels,
 * and a linear 1x1 head. Features are signed and not normalised.
 *
 * Parameters: `backbone.*` as torchvision's ResNet, `localconv.weight`.
 *
 * @throws ConfigError for an unknown depth or number of stages.
 * @see Chen et al., Rethinking Atrous Convolution for Semantic Image Segmentation, 2017;
 * Ouyang et al., Self-Supervision with Superpixels, ECCV 2020.
 */
export function deeplab(options: DeepLabOptions): Encoder {
  const { depth, layers = 4, channels = 256, aspp = false, strideOn = '3x3' } = options;
  const encoder = dilatedResnet(
    { ...blocksOfDepth(depth, layers), dilated: [false, true, true], strideOn },
    channels,
    `deeplab-resnet${depth}${layers === 4 ? '' : `-layer${layers}`}`,
  );
  if (!aspp) return encoder;
  const inputs = resnetLayout({ ...blocksOfDepth(depth, layers), dilated: [false, true, true] }).channels.at(-1)!;
  return defineEncoder({ ...encoder, specs: { ...encoder.specs, ...unusedSpecs(inputs, channels) } });
}

/** A residual network of any layout with a linear 1x1 head on its last stage. */
export function dilatedResnet(options: ResNetOptions, channels: number, name: string): Encoder {
  const layout = resnetLayout(options);
  const last = layout.stages.length - 1;
  const head = { weight: 'localconv.weight', size: 1, inputs: layout.channels[last]!, outputs: channels };
  return defineEncoder({
    name,
    channels: [channels],
    strides: [layout.strides[last]!],
    hasThreshold: false,
    specs: {
      ...resnetSpecs(layout, 'backbone.'),
      [head.weight]: defaultKernel(1, head.inputs, head.outputs),
    },
    plan: (steps, images) => {
      const [map] = resnetStages(steps, images, layout, 'backbone.', [last]);
      const features = steps.head(map!, head);
      steps.free(map!);
      return { maps: [features] };
    },
  });
}

/** Pyramid pooling and the second head, which the published encoder holds and never calls. */
function unusedSpecs(inputs: number, channels: number): ParameterSpecs {
  const branches = [1, 3, 3, 3].map((size, index) => ({
    [`aspp_out.0.convs.${index}.0.weight`]: defaultKernel(size, inputs, channels),
    ...normSpecs(`aspp_out.0.convs.${index}.1`, channels),
  }));
  return {
    'asppconv.weight': defaultKernel(1, channels, channels),
    ...(Object.assign({}, ...branches) as ParameterSpecs),
    'aspp_out.0.convs.4.1.weight': defaultKernel(1, inputs, channels),
    ...normSpecs('aspp_out.0.convs.4.2', channels),
    'aspp_out.0.project.0.weight': defaultKernel(1, 5 * channels, channels),
    ...normSpecs('aspp_out.0.project.1', channels),
    'aspp_out.1.weight': defaultKernel(3, channels, channels),
  };
}

type Size = Omit<DeepLabOptions, 'depth'>;

/** {@link deeplab} on ResNet-18: the smallest of the family, trains on a laptop. */
export const resnet18 = (options: Size = {}): Encoder => deeplab({ ...options, depth: 18 });

/** {@link deeplab} on ResNet-34. */
export const resnet34 = (options: Size = {}): Encoder => deeplab({ ...options, depth: 34 });

/** {@link deeplab} on ResNet-50. */
export const resnet50 = (options: Size = {}): Encoder => deeplab({ ...options, depth: 50 });

/** {@link deeplab} on ResNet-101, the encoder of the published programs. */
export const resnet101 = (options: Size = {}): Encoder => deeplab({ ...options, depth: 101 });
