import { ConfigError } from '@fsmr/core';
import { checkGroups, type ParameterGroup } from './groups.js';
import { publishedConstants } from './published.js';

/** One stretch of training in which the same things are switched on. */
export interface Stage {
  readonly name: string;
  readonly steps: number;
  /** Whether the method's calibrator works in this stage. */
  readonly calibrated: boolean;
  /** How many raters a pseudo episode simulates. */
  readonly raters: number;
  /** Which styles the simulated raters have; `none` leaves every mask as it is. */
  readonly styles: 'none' | 'mild' | 'rich';
  /** The schedule starts anew with this stage and momentum is forgotten, as two separate runs do. */
  readonly restart: boolean;
}

/** Everything that decides how a model is trained, apart from the data and the seed. */
export interface TrainingPlan {
  readonly stages: readonly Stage[];
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** The learning rate is multiplied by `factor` after every `every` steps. */
  readonly decay: { readonly factor: number; readonly every: number };
  readonly calibrationWeight: number;
  readonly alignmentWeight: number;
  /** Of the loss on what all and what any raters mark; not computed at 0, as where absent. */
  readonly boundWeight?: number | undefined;
  /** Of background and foreground in the segmentation loss; those of the method when absent. */
  readonly classWeights?: readonly [background: number, foreground: number] | undefined;
  /** Gradients longer than this (L2 norm over all parameters) are shortened to it; undefined: never. */
  readonly clipNorm?: number | undefined;
  /**
   * Parameters with a pace of their own; the first group that holds a parameter counts. Those that none holds have the
   * pace their method says. Absent: no groups.
   */
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** Steps during which the backbone is left as it is, statistics included. */
  readonly freezeBackbone: number;
}

/**
 * JAPC's two stages in one budget: the first half trains the base method on plain pseudo labels, the second goes on
 * with R simulated raters and the calibrator (JAPC section 2.5). The schedule restarts, as in the published runs.
 *
 * @param steps the whole budget T
 * @param raters R, at least 1
 */
export function twoStagePlan(steps: number, raters: number, changes: Partial<TrainingPlan> = {}): TrainingPlan {
  const first = Math.floor(steps / 2);
  return checkPlan({
    ...publishedConstants,
    stages: [
      { name: 'base', steps: first, calibrated: false, raters: 1, styles: 'none', restart: true },
      { name: 'raters', steps: steps - first, calibrated: true, raters, styles: 'rich', restart: true },
    ],
    ...changes,
  });
}

/** One stage without calibrator and styles: how the base methods are trained. */
export function basePlan(steps: number, changes: Partial<TrainingPlan> = {}): TrainingPlan {
  return checkPlan({
    ...publishedConstants,
    stages: [{ name: 'base', steps, calibrated: false, raters: 1, styles: 'none', restart: true }],
    ...changes,
  });
}

/** @throws ConfigError for a plan that cannot be followed. */
export function checkPlan(plan: TrainingPlan): TrainingPlan {
  if (plan.stages.length === 0) throw new ConfigError('a plan needs at least one stage.');
  for (const { name, steps, raters, styles } of plan.stages) {
    if (!isWhole(steps)) throw new ConfigError(`stage ${name}: steps must be a whole number, not ${steps}.`);
    if (!isWhole(raters) || raters < 1) throw new ConfigError(`stage ${name}: at least one rater is needed.`);
    if (!['none', 'mild', 'rich'].includes(styles)) {
      throw new ConfigError(`stage ${name}: styles cannot be ${styles}.`, { remedy: 'Choose none, mild or rich.' });
    }
  }
  const { learningRate, momentum, weightDecay, decay, clipNorm, freezeBackbone } = plan;
  const { alignmentWeight, calibrationWeight, boundWeight = 0 } = plan;
  const isWeight = (value: number): boolean => value >= 0 && Number.isFinite(value);
  for (const [name, value, fits, wanted] of [
    ['learningRate', learningRate, isWeight(learningRate), 'at least 0'],
    ['momentum', momentum, momentum >= 0 && momentum < 1, 'at least 0 and below 1'],
    ['weightDecay', weightDecay, isWeight(weightDecay), 'at least 0'],
    ['decay.factor', decay.factor, isWeight(decay.factor), 'at least 0'],
    ['decay.every', decay.every, isWhole(decay.every) && decay.every > 0, 'a whole number of at least 1'],
    ['alignmentWeight', alignmentWeight, isWeight(alignmentWeight), 'at least 0'],
    ['calibrationWeight', calibrationWeight, isWeight(calibrationWeight), 'at least 0'],
    ['boundWeight', boundWeight, isWeight(boundWeight), 'at least 0'],
    [
      'classWeights',
      plan.classWeights?.join(' and '),
      plan.classWeights === undefined ||
        (plan.classWeights.every(isWeight) && plan.classWeights.some((own) => own > 0)),
      'at least 0, and one above',
    ],
    ['clipNorm', clipNorm, clipNorm === undefined || clipNorm > 0, 'above 0'],
    [
      'freezeBackbone',
      freezeBackbone,
      freezeBackbone === Number.POSITIVE_INFINITY || isWhole(freezeBackbone),
      'a whole number of steps',
    ],
  ] as const) {
    if (!fits) throw new ConfigError(`${name} must be ${wanted}, not ${value}.`);
  }
  checkGroups(plan.groups ?? []);
  return plan;
}

const isWhole = (value: number): boolean => Number.isInteger(value) && value >= 0;

/** Steps of all stages together. */
export function totalSteps({ stages }: TrainingPlan): number {
  return stages.reduce((sum, { steps }) => sum + steps, 0);
}

/** Where a step falls. */
export interface StageAt {
  readonly stage: Stage;
  readonly index: number;
  /** Steps of this stage done before this one. */
  readonly stepInStage: number;
}

/** The stage a step (from 0) belongs to. @throws ConfigError before the first or beyond the last. */
export function stageAt({ stages }: TrainingPlan, step: number): StageAt {
  if (!isWhole(step)) throw new ConfigError(`there is no step ${step}.`);
  let before = 0;
  for (const [index, stage] of stages.entries()) {
    if (step < before + stage.steps) return { stage, index, stepInStage: step - before };
    before += stage.steps;
  }
  throw new ConfigError(`step ${step} lies beyond the plan's ${before} steps.`);
}

/**
 * The base learning rate of a step: decays are counted from the last restart, and the last multiple of `every` inside
 * the budget brings none, as the published milestones have it.
 */
export function learningRateAt(plan: TrainingPlan, step: number): number {
  const { index, stepInStage } = stageAt(plan, step);
  let since = stepInStage;
  let first = index;
  while (first > 0 && !plan.stages[first]!.restart) {
    first--;
    since += plan.stages[first]!.steps;
  }
  let budget = plan.stages[first]!.steps;
  for (let next = first + 1; next < plan.stages.length && !plan.stages[next]!.restart; next++)
    budget += plan.stages[next]!.steps;
  const { factor, every } = plan.decay;
  const decays = Math.min(Math.floor(since / every), Math.max(0, Math.floor(budget / every) - 1));
  return plan.learningRate * factor ** decays;
}
