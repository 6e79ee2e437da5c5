import { ConfigError } from '@fsmr/core';

/** The two residual blocks of ResNets: two 3x3 convolutions, or 1x1, 3x3 and 1x1 with four times the channels. */
export type BlockKind = 'basic' | 'bottleneck';

/** The depths of He et al., by the name everyone knows them by. */
export type ResNetDepth = 18 | 34 | 50 | 101;

/** What shapes a residual network; the defaults are those of torchvision. */
export interface ResNetOptions {
  readonly block: BlockKind;
  /** Blocks a stage; fewer than four stages end the network earlier. */
  readonly blocks: readonly number[];
  /** Channels of the first stage before expansion, 64 unless given; each stage doubles them. */
  readonly width?: number;
  /** Channels of the stem, `width` unless given. */
  readonly stem?: number;
  /** Which of the stages 2, 3 and 4 keep their resolution and widen their filters' reach instead. */
  readonly dilated: readonly [boolean, boolean, boolean];
  /**
   * The convolution of a bottleneck that strides: the 3x3 as torchvision has it, or the first 1x1 as the paper and
   * Keras have it.
   */
  readonly strideOn?: '3x3' | '1x1';
}

/** One residual block with all numbers settled. */
export interface BlockLayout {
  /** The name in torch checkpoints, such as `layer3.0`. */
  readonly name: string;
  readonly kind: BlockKind;
  readonly strideOn: '3x3' | '1x1';
  readonly inputs: number;
  readonly planes: number;
  readonly outputs: number;
  readonly stride: number;
  readonly dilation: number;
  /** Whether a 1x1 convolution fits the identity to the block's output. */
  readonly downsample: boolean;
}

/** The stages of a network, and what they do to resolution. */
export interface ResNetLayout {
  readonly stem: number;
  readonly stages: readonly (readonly BlockLayout[])[];
  /** Channels after each stage. */
  readonly channels: readonly number[];
  /** Image pixels a cell spans after each stage. */
  readonly strides: readonly number[];
}

const depths: Readonly<Record<ResNetDepth, Pick<ResNetOptions, 'block' | 'blocks'>>> = {
  18: { block: 'basic', blocks: [2, 2, 2, 2] },
  34: { block: 'basic', blocks: [3, 4, 6, 3] },
  50: { block: 'bottleneck', blocks: [3, 4, 6, 3] },
  101: { block: 'bottleneck', blocks: [3, 4, 23, 3] },
};

/**
 * Kind and number of blocks of a well-known depth, cut after `layers` stages.
 *
 * @throws ConfigError for another depth or number of stages.
 * @see He et al., Deep Residual Learning for Image Recognition, CVPR 2016, table 1.
 */
export function blocksOfDepth(depth: ResNetDepth, layers = 4): Pick<ResNetOptions, 'block' | 'blocks'> {
  const known = depths[depth];
  if (known === undefined)
    throw new ConfigError(`no ResNet has depth ${depth}.`, { remedy: 'Choose 18, 34, 50 or 101.' });
  if (![1, 2, 3, 4].includes(layers)) throw new ConfigError(`a ResNet has 1 to 4 stages, not ${layers}.`);
  return { block: known.block, blocks: known.blocks.slice(0, layers) };
}

/**
 * Settles strides, dilations and channels of every block, as torchvision's `replace_stride_with_dilation` does: where a
 * stage keeps its resolution its first block still has the reach of the stage before.
 */
export function resnetLayout(options: ResNetOptions): ResNetLayout {
  const { block, blocks, width = 64, stem = width, dilated, strideOn = '3x3' } = options;
  const expansion = block === 'bottleneck' ? 4 : 1;
  let inputs = stem;
  let dilation = 1;
  let resolution = 4;
  const channels: number[] = [];
  const strides: number[] = [];
  const stages = blocks.map((count, stage) => {
    const before = dilation;
    let stride = stage === 0 ? 1 : 2;
    if (stage > 0 && dilated[stage - 1]) {
      dilation *= stride;
      stride = 1;
    }
    resolution *= stride;
    const planes = width * 2 ** stage;
    const outputs = planes * expansion;
    const layout = Array.from({ length: count }, (_, index): BlockLayout => {
      const first = index === 0;
      const from = first ? inputs : outputs;
      return {
        name: `layer${stage + 1}.${index}`,
        kind: block,
        strideOn,
        inputs: from,
        planes,
        outputs,
        stride: first ? stride : 1,
        dilation: first ? before : dilation,
        downsample: first && (stride !== 1 || from !== outputs),
      };
    });
    inputs = outputs;
    channels.push(outputs);
    strides.push(resolution);
    return layout;
  });
  return { stem, stages, channels, strides };
}
