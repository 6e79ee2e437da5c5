import { type AlpnetOptions, alpnetDefaults, alpnetPresets, resolveAlpnetOptions } from '@fsmr/alpnet';
import { ConfigError, definedOptions, type PublishedTraining } from '@fsmr/core';

/** What can be chosen; everything has the published value as its default. */
export interface DspnetOptions extends AlpnetOptions {
  /** How much neighbouring channels that vary together count more, where the foreground is read by cells. */
  readonly foregroundAlpha?: number;
  /** The same for the background. */
  readonly backgroundAlpha?: number;
  /** At most this many seeds in a support mask. */
  readonly maximumSeeds?: number;
  /** Feature cells a seed; a mask of fewer than one and a half times as many gets none. */
  readonly areaPerSeed?: number;
  /** Steps of the soft clustering that starts from the seeds. */
  readonly clusteringSteps?: number;
  /**
   * Which way the grid of the seeds lies. `transposed` repeats a slip of the published program, which exchanges rows
   * and columns of the grid; on square images both are the same.
   */
  readonly seedGrid?: 'upright' | 'transposed';
}

/** The values of the published program. */
export const dspnetDefaults: Required<DspnetOptions> = {
  ...alpnetDefaults,
  foregroundAlpha: 0.2,
  backgroundAlpha: 0.2,
  maximumSeeds: 5,
  areaPerSeed: 100,
  clusteringSteps: 10,
  seedGrid: 'upright',
};

const training: PublishedTraining = { ...alpnetPresets.published.training, steps: 50_000 };

/**
 * Tang et al. 2025: method and training as released, and with the alpha its authors note for abdomen, setting 1. The 1e-4
 * on the rate of `cls_unit.cal`, which `publishedTraining.dspnet` of `@fsmr/training` has as a group, the method says itself.
 */
export const dspnetPresets: Readonly<
  Record<
    'published' | 'abdomenSetting1',
    { readonly method: Required<DspnetOptions>; readonly training: PublishedTraining }
  >
> = {
  published: { method: dspnetDefaults, training },
  abdomenSetting1: { method: { ...dspnetDefaults, foregroundAlpha: 0.3 }, training },
};

/**
 * Options with the defaults filled in.
 *
 * @throws ConfigError where a value makes no sense.
 */
export function resolveDspnetOptions(options: DspnetOptions): Required<DspnetOptions> {
  const resolved = { ...dspnetDefaults, ...definedOptions(options), ...resolveAlpnetOptions(options) };
  for (const name of ['foregroundAlpha', 'backgroundAlpha'] as const) {
    if (!Number.isFinite(resolved[name])) throw new ConfigError(`${name} is ${resolved[name]}, but must be a number.`);
  }
  if (!['upright', 'transposed'].includes(resolved.seedGrid)) {
    throw new ConfigError(`seedGrid is ${JSON.stringify(resolved.seedGrid)}.`, {
      remedy: "Choose 'upright' or 'transposed'.",
    });
  }
  for (const name of ['maximumSeeds', 'clusteringSteps'] as const) {
    const value = resolved[name];
    if (!(Number.isInteger(value) && value >= 0))
      throw new ConfigError(`${name} is ${value}, but must be 0, 1, 2, ...`);
  }
  if (!(resolved.areaPerSeed > 0)) {
    throw new ConfigError(`areaPerSeed is ${resolved.areaPerSeed}, but must be positive.`);
  }
  return resolved;
}
