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
  for (const { name, steps, raters } of plan.stages) {
    if (!Number.isInteger(steps) || steps < 0)
      throw new ConfigError(`stage ${name}: steps must be a whole number, not ${steps}.`);
    if (!Number.isInteger(raters) || raters < 1) throw new ConfigError(`stage ${name}: at least one rater is needed.`);
  }
  checkGroups(plan.groups ?? []);
  return plan;
}

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

/** The stage a step (from 0) belongs to. @throws ConfigError beyond the last. */
export function stageAt({ stages }: TrainingPlan, step: number): StageAt {
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
