import {
  type Episode,
  isModelBuffer,
  type Model,
  NumericError,
  type ParameterRecord,
  plainMethod,
  type Random,
  type SgdMoved,
  scalarGradients,
  sgdSteps,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { groupRates, type ParameterPace, paceOf } from './groups.js';
import { type EpisodeLosses, episodeLosses } from './losses.js';
import { learningRateAt, stageAt, type TrainingPlan } from './plan.js';
import type { TrainingState } from './state.js';

/** What one step cost, as numbers. */
export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  readonly stage: string;
  readonly learningRate: number;
  /** Of each group of the plan, by name. */
  readonly learningRates: Readonly<Record<string, number>>;
  readonly total: number;
  readonly segmentation: number;
  readonly alignment: number;
  readonly calibration: number;
  readonly auxiliary: Readonly<Record<string, number>>;
  /** L2 norm of all gradients together, before clipping. */
  readonly gradientNorm: number;
}

/** The model as a stage sees it: without its calibrator where the stage does not calibrate. */
export function modelOfStage(model: Model, calibrated: boolean): Model {
  return calibrated ? model : { ...model, method: { ...plainMethod(model.method), calibrator: undefined } };
}

/**
 * One optimiser step on one episode: losses, gradients, SGD as PyTorch computes it, new running statistics.
 *
 * @returns the next state, and the report. Tensors of the old state are freed; the episode's are the caller's.
 * @throws NumericError where the loss or a gradient is not a number; the old state is then untouched.
 */
export function trainStep(
  model: Model,
  plan: TrainingPlan,
  state: TrainingState,
  episode: Episode,
  random: Random,
): { readonly state: TrainingState; readonly report: StepReport } {
  const { stage, stepInStage } = stageAt(plan, state.step);
  const learningRate = learningRateAt(plan, state.step);
  const { gradients, losses, statistics } = differentiate(model, plan, state, episode, random);
  const gradientNorm = normOf(Object.values(gradients));
  const learningRates = groupRates(plan.groups ?? [], learningRate);
  const place = { step: state.step + 1, stage: stage.name, learningRate, learningRates, gradientNorm };
  const report = reportOf(losses, place);
  tf.dispose(lossTensors(losses));
  if (!Number.isFinite(report.total) || !Number.isFinite(gradientNorm)) {
    const fault = notANumber(report, gradients);
    tf.dispose([Object.values(gradients), Object.values(statistics)]);
    throw fault;
  }
  const clip = plan.clipNorm === undefined ? 1 : Math.min(1, plan.clipNorm / (gradientNorm + 1e-6));
  const velocity = stage.restart && stepInStage === 0 ? {} : state.velocity;
  let moved: Moved;
  try {
    moved = descend(model, plan, { ...state, velocity }, gradients, learningRate, clip);
  } catch (error) {
    tf.dispose([Object.values(gradients), Object.values(statistics)]);
    throw error;
  }
  const next: TrainingState = {
    step: state.step + 1,
    parameters: { ...moved.parameters, ...statistics },
    velocity: moved.velocity,
  };
  release(state, next);
  tf.dispose(Object.values(gradients));
  return { state: next, report };
}

interface Differentiated {
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
  readonly losses: EpisodeLosses;
  readonly statistics: ParameterRecord;
}

function differentiate(
  model: Model,
  plan: TrainingPlan,
  state: TrainingState,
  episode: Episode,
  random: Random,
): Differentiated {
  const { stage } = stageAt(plan, state.step);
  const freezeBackbone = state.step < plan.freezeBackbone;
  const names = Object.keys(state.parameters).filter(
    (name) => !isModelBuffer(model, name) && !(freezeBackbone && name.startsWith('encoder.')),
  );
  let losses: EpisodeLosses | undefined;
  let statistics: ParameterRecord = {};
  const loss = (): tf.Scalar => {
    const found = episodeLosses(modelOfStage(model, stage.calibrated), state.parameters, episode, plan, {
      freezeBackbone,
      random,
    });
    losses = found.losses;
    statistics = found.statistics;
    // They outlive the tape's tidy; the caller frees them.
    for (const tensor of [...lossTensors(losses), ...Object.values(statistics)]) tf.keep(tensor);
    return losses.total;
  };
  // Parameters the loss does not reach (an unused head) have no gradient and are not moved, as in PyTorch.
  const tensors = names.map((name) => state.parameters[name]!);
  try {
    // A frozen encoder and a method without parameters leave nothing to train.
    const found = tensors.length === 0 ? withoutGradients(loss) : scalarGradients(loss, tensors).gradients;
    const gradients = Object.fromEntries(names.flatMap((name, i) => (found[i] == null ? [] : [[name, found[i]!]])));
    return { gradients, losses: losses!, statistics };
  } catch (error) {
    tf.dispose([losses === undefined ? [] : lossTensors(losses), Object.values(statistics)]);
    throw error;
  }
}

function withoutGradients(loss: () => tf.Scalar): [] {
  tf.tidy(() => void loss());
  return [];
}

function lossTensors({ total, segmentation, alignment, calibration, auxiliary }: EpisodeLosses): tf.Scalar[] {
  return [total, segmentation, alignment, calibration, ...Object.values(auxiliary)];
}

type Place = Pick<StepReport, 'step' | 'stage' | 'learningRate' | 'learningRates' | 'gradientNorm'>;

function reportOf(losses: EpisodeLosses, place: Place): StepReport {
  const number = (scalar: tf.Scalar): number => scalar.dataSync()[0]!;
  return {
    ...place,
    total: number(losses.total),
    segmentation: number(losses.segmentation),
    alignment: number(losses.alignment),
    calibration: number(losses.calibration),
    auxiliary: Object.fromEntries(Object.entries(losses.auxiliary).map(([name, loss]) => [name, number(loss)])),
  };
}

function normOf(gradients: readonly tf.Tensor[]): number {
  return tf.tidy(() => {
    if (gradients.length === 0) return 0;
    return Math.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))).dataSync()[0]!);
  });
}

/** The stop that says which step, which losses and which gradients went wrong. */
function notANumber(report: StepReport, gradients: Readonly<Record<string, tf.Tensor>>): NumericError {
  const { step, stage, total, segmentation, alignment, calibration, auxiliary, gradientNorm, learningRate } = report;
  const parts = Object.entries({ segmentation, alignment, calibration, ...auxiliary });
  const losses = parts.map(([name, value]) => `${name} ${value}`).join(', ');
  const spoiled = Object.keys(gradients).filter((name) => gradients[name]!.dataSync().some((v) => !Number.isFinite(v)));
  const first = spoiled.length === 0 ? '' : `, first in ${spoiled[0]} of ${spoiled.length} parameters`;
  return new NumericError(
    `step ${step} (${stage}): the loss is ${total} and the gradient norm ${gradientNorm} (${losses}; learning rate ${learningRate}${first}).`,
    {
      remedy:
        'Start anew, a command in another folder, with a lower learning rate or clipNorm (1, for example), or look at the images of this step; the state before it is intact.',
    },
  );
}

interface Moved {
  readonly parameters: ParameterRecord;
  readonly velocity: ParameterRecord;
}

function descend(
  model: Model,
  plan: TrainingPlan,
  { parameters, velocity }: TrainingState,
  gradients: Readonly<Record<string, tf.Tensor>>,
  learningRate: number,
  clip: number,
): Moved {
  const steps = new Map<string, SgdMoved>();
  try {
    for (const { names, learningRateFactor, weightDecayFactor } of byPace(model, plan, Object.keys(gradients))) {
      const shortened = names.map((name) => (clip === 1 ? gradients[name]! : tf.mul(gradients[name]!, clip)));
      const moving = names.map((name, i) => ({
        weight: parameters[name]!,
        gradient: shortened[i]!,
        velocity: velocity[name],
      }));
      const options = {
        learningRate: learningRate * learningRateFactor,
        momentum: plan.momentum,
        weightDecay: plan.weightDecay * weightDecayFactor,
      };
      try {
        sgdSteps(moving, options).forEach((moved, i) => void steps.set(names[i]!, moved));
      } finally {
        if (clip !== 1) tf.dispose(shortened);
      }
    }
  } catch (error) {
    for (const { weight, velocity: speed } of steps.values()) tf.dispose([weight, speed]);
    throw error;
  }
  // In the order of the gradients, whatever the groups: a checkpoint of the same state has the same bytes.
  const moved = Object.keys(gradients).map((name) => [name, steps.get(name)!] as const);
  return {
    parameters: { ...parameters, ...Object.fromEntries(moved.map(([name, { weight }]) => [name, weight])) },
    velocity: { ...velocity, ...Object.fromEntries(moved.map(([name, { velocity: speed }]) => [name, speed])) },
  };
}

/** Parameters moved at a time: shortened gradients of all would take as much memory as all parameters. */
const together = 8;

/** Some parameters that move at the same pace. */
interface PaceGroup extends Pick<ParameterPace, 'learningRateFactor' | 'weightDecayFactor'> {
  readonly names: string[];
}

/** All parameters, at most `together` in a group. */
function byPace(model: Model, plan: TrainingPlan, names: readonly string[]): PaceGroup[] {
  const groups: PaceGroup[] = [];
  const open = new Map<string, PaceGroup>();
  for (const name of names) {
    const { learningRateFactor, weightDecayFactor } = paceOf(plan.groups ?? [], model.method, name);
    const key = `${learningRateFactor} ${weightDecayFactor}`;
    let group = open.get(key);
    if (group === undefined || group.names.length === together) {
      group = { learningRateFactor, weightDecayFactor, names: [] };
      groups.push(group);
      open.set(key, group);
    }
    group.names.push(name);
  }
  return groups;
}

/** Frees what the next state no longer holds. */
function release(old: TrainingState, next: TrainingState): void {
  const kept = new Set([...Object.values(next.parameters), ...Object.values(next.velocity)]);
  tf.dispose([...Object.values(old.parameters), ...Object.values(old.velocity)].filter((tensor) => !kept.has(tensor)));
}
