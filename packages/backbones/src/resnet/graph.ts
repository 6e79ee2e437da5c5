import type { BlockLayout, ResNetLayout } from './layout.js';

/** One convolution with the batch normalisation that follows it. Names are relative to the network. */
export interface ConvNorm {
  readonly conv: string;
  readonly norm: string;
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  /** Whether the relu follows (after the residual, where there is one). */
  readonly relu: boolean;
}

/** The convolutions of a block in order; the last is added to the identity, which `downsample` fits. */
export interface BlockGraph {
  readonly path: readonly ConvNorm[];
  readonly downsample: ConvNorm | undefined;
}

/** Names the stem's convolution and normalisation. */
export function stemGraph({ stem }: ResNetLayout): ConvNorm {
  const shape = { size: 7, inputs: 3, outputs: stem, stride: 2, dilation: 1, padding: 3 };
  return { conv: 'conv1.weight', norm: 'bn1', ...shape, relu: true };
}

/** Spells out one block. */
export function blockGraph(block: BlockLayout): BlockGraph {
  const { name, inputs, planes, outputs, stride, dilation } = block;
  const step = (
    index: number,
    size: number,
    from: number,
    to: number,
    move: { stride?: number; dilation?: number } = {},
  ): ConvNorm => ({
    conv: `${name}.conv${index}.weight`,
    norm: `${name}.bn${index}`,
    size,
    inputs: from,
    outputs: to,
    stride: move.stride ?? 1,
    dilation: move.dilation ?? 1,
    padding: size === 1 ? 0 : (move.dilation ?? 1),
    relu: true,
  });
  const early = block.strideOn === '1x1' ? stride : 1;
  const path =
    block.kind === 'bottleneck'
      ? [
          step(1, 1, inputs, planes, { stride: early }),
          step(2, 3, planes, planes, { stride: stride / early, dilation }),
          step(3, 1, planes, outputs),
        ]
      : [step(1, 3, inputs, planes, { stride, dilation }), step(2, 3, planes, outputs, { dilation })];
  const downsample: ConvNorm | undefined = block.downsample
    ? {
        conv: `${name}.downsample.0.weight`,
        norm: `${name}.downsample.1`,
        size: 1,
        inputs,
        outputs,
        stride,
        dilation: 1,
        padding: 0,
        relu: false,
      }
    : undefined;
  return { path, downsample };
}

/** Every convolution of the network, in the order of torch's state dict. */
export function allConvNorms(layout: ResNetLayout): ConvNorm[] {
  const blocks = layout.stages.flat().flatMap((block) => {
    const { path, downsample } = blockGraph(block);
    return downsample === undefined ? path : [...path, downsample];
  });
  return [stemGraph(layout), ...blocks];
}
