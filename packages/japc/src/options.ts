import { ConfigError } from '@fsmr/core';
import { type Reduction, reductions } from './calibration-loss.js';
import type { Comparison } from './deviation.js';
import { attentionPrefix, type Initialisation } from './parameters.js';
import { residualMlpPrefix } from './residual-mlp.js';

/** How prototypes are calibrated. `docs/japc.md` says what each choice does, with measurements. */
export interface JapcOptions {
  /** Where the other options start from: see {@link presets}; `'default'` unless given. */
  readonly preset?: PresetName;
  /**
   * The joint attention of the paper, its sigmoid reading, or one of the published program's two forms: its scalar gate,
   * or the network that is off there, one a class, which adds to each prototype what it makes of it and the consensus.
   */
  readonly operator?: 'joint-softmax' | 'joint-sigmoid' | 'gate' | 'residual-mlp';
  /** How the calibration loss is reduced. */
  readonly loss?: Reduction;
  /** The consensus mask: the mean of the raters' masks, or the pixels more than half of them marked. */
  readonly consensus?: 'soft' | 'majority';
  /** What a prototype's deviation is taken from. */
  readonly comparison?: Comparison;
  /** One pair of projections for both classes, or one a class. */
  readonly projections?: 'shared' | 'separate';
  /** Unit rows in scores, values and loss; lengths are put back afterwards, so features may have any scale. */
  readonly normalize?: boolean;
  /** Rows of sigmoid attention summing to one. Softmax rows do anyway, the gate has none. */
  readonly normalizeRows?: boolean;
  /** Biases in the projections. */
  readonly bias?: boolean;
  /** How the projections start. */
  readonly initialisation?: Initialisation;
  /** The factor on products of prototypes under `'similarity'`. */
  readonly sharpness?: number;
  /** Divides the scores. */
  readonly temperature?: number;
  /**
   * The residual form `P~ = P + g (A V - P)` with this starting value of the scalar g, which is learned. `false`: the
   * formula alone, `P~ = A V`.
   */
  readonly residual?: number | false;
  /** Columns d of Wq and Wk; `'full'`: as many as prototypes have; `'budget'`: so many that weights stay the paper's 65,536. */
  readonly projectionWidth?: number | 'full' | 'budget';
  /** With one rater there is nobody to tell apart: leave prototypes alone, or calibrate them all the same. */
  readonly oneRater?: 'base' | 'calibrate';
  /** What parameter names start with; two calibrators on one method need two. */
  readonly prefix?: string;
}

/** Options with nothing left open. */
export type ResolvedOptions = Required<Omit<JapcOptions, 'preset'>>;

/** A named set of options. */
export type PresetName = 'default' | 'paper' | 'released';

const paper: ResolvedOptions = {
  operator: 'joint-softmax',
  loss: 'sum',
  consensus: 'soft',
  comparison: 'mean',
  projections: 'shared',
  normalize: true,
  normalizeRows: false,
  bias: false,
  initialisation: 'torch',
  sharpness: 20,
  temperature: 1,
  residual: false,
  projectionWidth: 'full',
  oneRater: 'calibrate',
  prefix: attentionPrefix,
};

/**
 * - `'paper'`: the literal formula of sections 2.3 and 2.5; where the paper is silent, one mean consensus prototype,
 *   unit rows and PyTorch's start.
 * - `'released'`: what the published program computes: the gate with biases on prototypes as they are, mean loss.
 * - `'default'`: the paper's operator in a residual form, started and weighted so that it neither collapses nor is at
 *   once driven back to the uncalibrated prototypes.
 */
export const presets: Readonly<Record<PresetName, ResolvedOptions>> = {
  paper,
  released: { ...paper, operator: 'gate', loss: 'mean', normalize: false, bias: true },
  default: {
    ...paper,
    loss: 'mean',
    comparison: 'nearest',
    normalizeRows: true,
    initialisation: 'similarity',
    residual: 0.5,
    projectionWidth: 'budget',
    oneRater: 'base',
  },
};

/** What each option that is a choice may be. */
const choices = {
  operator: ['joint-softmax', 'joint-sigmoid', 'gate', 'residual-mlp'],
  loss: reductions,
  consensus: ['soft', 'majority'],
  comparison: ['mean', 'nearest', 'one-to-one'],
  projections: ['shared', 'separate'],
  initialisation: ['torch', 'similarity'],
  oneRater: ['base', 'calibrate'],
} as const satisfies { readonly [Name in keyof ResolvedOptions]?: readonly ResolvedOptions[Name][] };

/**
 * Fills in the preset's choices; options that are undefined count as not given. The gate and the residual network bring
 * their own unless told otherwise.
 *
 * @throws ConfigError on a preset, choice or number that makes no sense.
 */
export function resolveOptions(options: JapcOptions = {}): ResolvedOptions {
  const { preset = 'default', ...rest } = options;
  const base = presets[preset];
  if (base === undefined) {
    throw new ConfigError(`no JAPC preset ${JSON.stringify(preset)}.`, {
      remedy: `Choose one of ${Object.keys(presets).join(', ')}.`,
    });
  }
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as JapcOptions;
  const resolved: ResolvedOptions = { ...base, ...operatorDefaults(given.operator), ...given };
  checkOptions(resolved);
  return resolved;
}

function checkOptions(resolved: ResolvedOptions): void {
  for (const [name, allowed] of Object.entries(choices)) {
    const value = resolved[name as keyof typeof choices];
    if (!(allowed as readonly string[]).includes(value)) {
      throw new ConfigError(`JAPC ${name} cannot be ${JSON.stringify(value)}.`, {
        remedy: `Choose one of ${allowed.join(', ')}.`,
      });
    }
  }
  for (const name of ['temperature', 'sharpness'] as const) {
    if (!(resolved[name] > 0 && Number.isFinite(resolved[name]))) {
      throw new ConfigError(`JAPC ${name} must be positive, not ${resolved[name]}.`);
    }
  }
  const { projectionWidth: width, residual } = resolved;
  if (residual !== false && !Number.isFinite(residual)) {
    throw new ConfigError(`JAPC residual must be a number or false, not ${residual}.`);
  }
  if (width !== 'full' && width !== 'budget' && !(Number.isInteger(width) && width > 0)) {
    throw new ConfigError(`JAPC projectionWidth must be a positive whole number, 'full' or 'budget', not ${width}.`);
  }
}

/** The published forms work on prototypes as they are; a residual or a similarity start has no meaning for them. */
function operatorDefaults(operator: JapcOptions['operator']): Partial<ResolvedOptions> {
  switch (operator) {
    case 'gate':
      return presets.released;
    case 'residual-mlp':
      return { ...presets.released, operator, prefix: residualMlpPrefix };
    default:
      return {};
  }
}
