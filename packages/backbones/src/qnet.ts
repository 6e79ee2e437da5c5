import { ConfigError } from '@fsmr/core';
import { defineEncoder, type Encoder } from './encoder.js';
import { heKernel, linearSpecs } from './parameters.js';
import { blocksOfDepth, type ResNetDepth, type ResNetOptions, resnetLayout } from './resnet/layout.js';
import { resnetStages } from './resnet/plan.js';
import { resnetSpecs } from './resnet/specs.js';

/** What shapes the encoder of Q-Net and RPT. */
export interface QnetEncoderOptions {
  /** `qnet` returns the maps of layer3 and layer4, `rpt` that of layer3 alone; both a threshold. */
  readonly variant: 'qnet' | 'rpt';
  /** 101 unless given. */
  readonly depth?: ResNetDepth;
  /**
   * Stages kept, 4 unless given, at least 2: the maps are always those of the last two, of which the first is kept at a cell
   * of 4 pixels.
   */
  readonly layers?: 2 | 3 | 4;
  /** Channels of each map, 512 unless given. */
  readonly channels?: number;
  /** The convolution of a bottleneck that strides, see {@link ResNetOptions}. */
  readonly strideOn?: '3x3' | '1x1';
}

/**
 * The encoder of Q-Net and RPT: a ResNet whose stages 2 and 3 are dilated (a cell of layer3 spans 4 pixels, of layer4
 * 8), linear 1x1 heads on both, and a threshold an image from the mean of layer4 through two linear layers.
 *
 * Parameters: `backbone.*` as torchvision's ResNet with its `fc`, `reduce1`, `reduce2` (held but unused by RPT),
 * `reduce1d`.
 *
 * @throws ConfigError for an unknown depth or number of stages.
 * @see Shen et al., Q-Net, IntelliSys 2023; Zhu et al., RPT, MICCAI 2023.
 */
export function qnetEncoder(options: QnetEncoderOptions): Encoder {
  const { variant, depth = 101, layers = 4, channels = 512, strideOn = '3x3' } = options;
  if (layers < 2) throw new ConfigError(`an encoder of two maps needs two stages, not ${layers}.`);
  // All stages before the last keep the resolution of the first; the last one halves it.
  const dilated = [2, 3, 4].map((stage) => stage < layers) as [boolean, boolean, boolean];
  const layout: ResNetOptions = { ...blocksOfDepth(depth, layers), dilated, strideOn };
  const name = `${variant}-resnet${depth}${layers === 4 ? '' : `-layer${layers}`}`;
  return twoMapResnet(layout, variant, channels, 1000, name);
}

/** The same encoder on a residual network of any layout. */
export function twoMapResnet(
  options: ResNetOptions,
  variant: 'qnet' | 'rpt',
  channels: number,
  classes: number,
  name: string,
): Encoder {
  const layout = resnetLayout(options);
  const [fine, coarse] = layout.channels.slice(-2) as [number, number];
  const last = layout.stages.length - 1;
  const heads = [fine, coarse].map((inputs, index) => ({
    weight: `reduce${index + 1}.weight`,
    size: 1,
    inputs,
    outputs: channels,
  }));
  const both = variant === 'qnet';
  return defineEncoder({
    name,
    channels: both ? [channels, channels] : [channels],
    strides: layout.strides.slice(-2, both ? undefined : -1),
    hasThreshold: true,
    specs: {
      ...resnetSpecs(layout, 'backbone.'),
      ...linearSpecs('backbone.fc', coarse, classes),
      'reduce1.weight': heKernel(1, fine, channels),
      'reduce2.weight': heKernel(1, coarse, channels),
      ...linearSpecs('reduce1d', classes, 1),
    },
    plan: (steps, images) => {
      const stages = resnetStages(steps, images, layout, 'backbone.', [last - 1, last]);
      const maps = (both ? [0, 1] : [0]).map((index) => steps.head(stages[index]!, heads[index]!));
      const pooled = steps.mean(stages[1]!);
      const scores = steps.linear(pooled, 'backbone.fc');
      const threshold = steps.linear(scores, 'reduce1d');
      for (const value of [...stages, pooled, scores]) steps.free(value);
      return { maps, threshold };
    },
  });
}
