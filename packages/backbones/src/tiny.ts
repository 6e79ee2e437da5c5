import { ConfigError } from '@fsmr/core';
import { defineEncoder, type Encoder } from './encoder.js';
import { defaultKernel, heKernel, normSpecs, type ParameterSpecs } from './parameters.js';
import type { ConvNorm } from './resnet/graph.js';

/** What shapes the tiny encoder. */
export interface TinyEncoderOptions {
  /** Channels of the features, 64 unless given. */
  readonly channels?: number;
  /** Channels of the first convolution, 16 unless given; the next have twice and four times as many. */
  readonly width?: number;
  /** Image pixels a cell spans, 4 or 8; 8 unless given. */
  readonly stride?: 4 | 8;
}

/**
 * Three 3x3 convolutions with batch normalisation and relu and a linear 3x3 head: for tests and demonstrations that
 * must train in seconds. Not from any paper.
 *
 * Parameters: `backbone.0.conv.weight`, `backbone.0.bn.*` to `backbone.2.*`, `localconv.weight`.
 *
 * @throws ConfigError for another stride.
 */
export function tinyEncoder({ channels = 64, width = 16, stride = 8 }: TinyEncoderOptions = {}): Encoder {
  if (stride !== 4 && stride !== 8) throw new ConfigError(`the tiny encoder has stride 4 or 8, not ${stride}.`);
  const widths = [3, width, 2 * width, 4 * width];
  const path = [0, 1, 2].map(
    (index): ConvNorm => ({
      conv: `backbone.${index}.conv.weight`,
      norm: `backbone.${index}.bn`,
      size: 3,
      inputs: widths[index]!,
      outputs: widths[index + 1]!,
      stride: index === 2 && stride === 4 ? 1 : 2,
      dilation: 1,
      padding: 1,
      relu: true,
    }),
  );
  const head = { weight: 'localconv.weight', size: 3, inputs: widths[3]!, outputs: channels };
  const layers = path.map((step) => ({
    [step.conv]: heKernel(3, step.inputs, step.outputs),
    ...normSpecs(step.norm, step.outputs),
  }));
  return defineEncoder({
    name: `tiny-${stride}`,
    channels: [channels],
    strides: [stride],
    hasThreshold: false,
    specs: {
      ...(Object.assign({}, ...layers) as ParameterSpecs),
      [head.weight]: defaultKernel(3, head.inputs, channels),
    },
    plan: (steps, images) => {
      let x = images;
      for (const step of path) {
        const y = steps.convNorm(x, step);
        if (x !== images) steps.free(x);
        x = y;
      }
      const features = steps.head(x, head);
      steps.free(x);
      return { maps: [features] };
    },
  });
}
