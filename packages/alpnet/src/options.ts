import { type AlignmentRule, ConfigError, definedOptions, imageAlignment, type PublishedTraining } from '@fsmr/core';

/** What can be chosen; everything has the published value as its default. */
export interface AlpnetOptions {
  /** How much of a cell the foreground must fill: more than this to be a prototype, at least this to use cells at all. */
  readonly foregroundThreshold?: number;
  /** How much of a cell the background must fill, more than this. */
  readonly backgroundThreshold?: number;
  /** Cells along each side of the feature grid in training; the pooling window follows from it. */
  readonly protoGridSize?: number;
  /** Side of the pooling window outside training, in feature cells. */
  readonly evaluationWindow?: number;
  /** Factor on every cosine, before the soft assignment. */
  readonly scale?: number;
  /**
   * What stands in where a mask that is to be read by cells fills none. The published program raises an error and
   * skips the batch; the published JAPC program (`none`) answers with zero similarity everywhere.
   */
  readonly emptyGrid?: 'class-prototype' | 'none';
  /** Where prediction and loss of the alignment live; the published JAPC program keeps both on the feature grid. */
  readonly alignment?: AlignmentRule;
}

/** The values of the published program. */
export const alpnetDefaults: Required<AlpnetOptions> = {
  foregroundThreshold: 0.95,
  backgroundThreshold: 0.95,
  protoGridSize: 8,
  evaluationWindow: 2,
  scale: 20,
  emptyGrid: 'class-prototype',
  alignment: imageAlignment,
};

/** Ouyang et al. 2020: method and training as released, as `publishedTraining.alpnet` of `@fsmr/training` has them too. */
export const alpnetPresets: {
  readonly published: { readonly method: Required<AlpnetOptions>; readonly training: PublishedTraining };
} = {
  published: {
    method: alpnetDefaults,
    training: {
      steps: 100_100,
      batchSize: 1,
      learningRate: 1e-3,
      momentum: 0.9,
      weightDecay: 5e-4,
      decay: { factor: 0.95, every: 1000 },
      alignmentWeight: 1,
      seed: 1234,
    },
  },
};

/**
 * Options with the defaults filled in.
 *
 * @throws ConfigError where a value makes no sense.
 */
export function resolveAlpnetOptions(options: AlpnetOptions): Required<AlpnetOptions> {
  const resolved = { ...alpnetDefaults, ...definedOptions(options) };
  if (!['class-prototype', 'none'].includes(resolved.emptyGrid)) {
    throw new ConfigError(`emptyGrid is ${JSON.stringify(resolved.emptyGrid)}.`, {
      remedy: "Choose 'class-prototype' or 'none'.",
    });
  }
  for (const name of ['foregroundThreshold', 'backgroundThreshold'] as const) {
    const value = resolved[name];
    if (!(value >= 0 && value < 1)) throw new ConfigError(`${name} is ${value}, but must be in [0, 1).`);
  }
  for (const name of ['protoGridSize', 'evaluationWindow'] as const) {
    const value = resolved[name];
    if (!(Number.isInteger(value) && value >= 1)) throw new ConfigError(`${name} is ${value}, but must be 1, 2, ...`);
  }
  if (!(resolved.scale > 0 && Number.isFinite(resolved.scale))) {
    throw new ConfigError(`scale is ${resolved.scale}, but must be positive.`);
  }
  return resolved;
}
