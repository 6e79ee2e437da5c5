import type { ParameterGroup } from './groups.js';
import type { TrainingPlan } from './plan.js';

/** The constants of a plan that a published program fixes; stages and budget come from the experiment. */
export type PublishedConstants = Omit<TrainingPlan, 'stages' | 'clipNorm'>;

/** A published program's training as far as a plan holds it. */
export interface PublishedPlan {
  /** Whose it is, and where it is described. */
  readonly source: string;
  /** The budget in steps of one episode, as the source has it. */
  readonly steps: number;
  readonly constants: PublishedConstants;
}

/** The published constants of SSL-ALPNet, DSPNet and JAPC, groups apart (training section 10.2). */
export const publishedConstants: Omit<PublishedConstants, 'groups'> = {
  learningRate: 1e-3,
  momentum: 0.9,
  weightDecay: 5e-4,
  decay: { factor: 0.95, every: 1000 },
  calibrationWeight: 1,
  alignmentWeight: 1,
  freezeBackbone: 0,
};

/** Fusion and attention weights of the prototype unit creep: 1e-7 beside 1e-3. */
const prototypeUnit: ParameterGroup = {
  name: 'prototype-unit',
  match: { contains: 'cls_unit', without: ['residual_mlp', 'proto_attention'] },
  learningRateFactor: 1e-4,
};
/** The encoder and whatever no group before it holds. */
const encoder: ParameterGroup = { name: 'encoder', match: { prefix: '' }, learningRateFactor: 1 };
const projections: ParameterGroup = {
  name: 'japc-projections',
  match: { contains: 'proto_attention' },
  learningRateFactor: 1,
};
const residual: ParameterGroup = { name: 'residual-mlp', match: { contains: 'residual_mlp' }, learningRateFactor: 1 };

/**
 * Settings of the published programs by method; `japc` trains any of them together with its projections. Only those of
 * Q-Net are not its authors' own, 30,000 steps at 0.98, which `qnetPresets` of `@fsmr/qnet` holds: they are what JAPC
 * compares with.
 */
export const publishedTraining = {
  alpnet: {
    source: 'SSL-ALPNet, released program: one learning rate for all parameters (training section 10.6)',
    steps: 100_100,
    constants: { ...publishedConstants, groups: [encoder] },
  },
  dspnet: {
    source: 'DSPNet, released program (training sections 10.2 and 10.6)',
    steps: 50_000,
    constants: { ...publishedConstants, groups: [prototypeUnit, encoder] },
  },
  qnet: {
    source: 'Q-Net as JAPC trains it: 50 000 steps, one group, defaults of its program (training section 10.7)',
    steps: 50_000,
    constants: { ...publishedConstants, groups: [encoder] },
  },
  rpt: {
    source: 'RPT, released scripts: 0.98 every 5000 steps (training section 10.8)',
    steps: 40_000,
    constants: { ...publishedConstants, decay: { factor: 0.98, every: 5000 }, groups: [encoder] },
  },
  japc: {
    source: 'JAPC, both released branches (training sections 10.2 and 10.6)',
    steps: 50_000,
    constants: { ...publishedConstants, groups: [projections, residual, prototypeUnit, encoder] },
  },
} as const satisfies Record<string, PublishedPlan>;

/** Budgets of the paper's data sets (section 3.2): steps of both stages together, and raters. */
export const publishedBudgets = {
  curvas: { steps: 50_000, raters: 3 },
  'brain-growth': { steps: 10_000, raters: 7 },
} as const;
