import type { Model } from '@fsmr/core';
import { basePlan, learningRateAt, type TrainingPlan, totalSteps, twoStagePlan } from '@fsmr/training';
import { buildModel } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';

/** What is trained: the base method over the whole budget, or the first stage of it and then JAPC. */
export type TrainedArm = 'base' | 'japc';

/**
 * The arms a configuration needs trained. The consensus arm is the base arm fed with one mask, and the nearest style is
 * applied to its answers; networks that are trained on real masks need none, unless they start from the base arm.
 */
export function trainedArms({ evaluation: { arms, baselines } }: RunConfig): TrainedArm[] {
  const needsBase = (arm: (typeof arms)[number]): boolean =>
    arm === 'base' || arm === 'consensus' || arm === 'nearest-style' || (arm !== 'japc' && baselines.start === 'base');
  return [...(arms.some(needsBase) ? (['base'] as const) : []), ...(arms.includes('japc') ? (['japc'] as const) : [])];
}

/** The plan of an arm. */
export function planOf({ training }: RunConfig, arm: TrainedArm, raters: number): TrainingPlan {
  const { steps, styles, decay } = training;
  const changes: Partial<TrainingPlan> = {
    learningRate: training.learningRate,
    momentum: training.momentum,
    weightDecay: training.weightDecay,
    calibrationWeight: training.calibrationWeight,
    alignmentWeight: training.alignmentWeight,
    boundWeight: training.boundWeight,
    clipNorm: training.clipNorm,
    classWeights: training.classWeights,
    freezeBackbone: training.freezeBackbone,
    groups: training.groups,
    ...(decay === undefined ? {} : { decay }),
  };
  if (arm === 'base') return basePlan(steps, changes);
  const plan = twoStagePlan(steps, training.raters ?? raters, changes);
  const [base, withRaters] = plan.stages;
  const first = Math.floor(steps * training.firstStage);
  return {
    ...plan,
    stages: [
      { ...base!, steps: first },
      { ...withRaters!, steps: steps - first, styles, restart: training.restart ?? true },
    ],
  };
}

/**
 * The plan of the first stage alone, where one training of it serves both arms; undefined where they part before its end,
 * as their schedules do when the last decay of one budget falls into that stage and the other's does not.
 */
export function sharedPlan(config: RunConfig, raters: number): TrainingPlan | undefined {
  const [base, japc] = [planOf(config, 'base', raters), planOf(config, 'japc', raters)];
  const shared = { ...japc, stages: japc.stages.slice(0, 1) };
  const steps = Array.from({ length: totalSteps(shared) }, (_, step) => step);
  const agree = steps.every((step) =>
    [base, japc].every((plan) => learningRateAt(plan, step) === learningRateAt(shared, step)),
  );
  return agree ? shared : undefined;
}

/** The model that is trained: always with the calibrator, which the base stage leaves alone. */
export function trainingModel(config: RunConfig): Model {
  return buildModel(config.model, true);
}
