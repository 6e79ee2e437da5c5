import { NumericError, type ParameterRecord, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type AdamOptions, adamStep, replaceBuffers, type Trained } from '../learning/adam.js';
import { addGradients, differentiate } from '../learning/differentiate.js';
import { drawExpertise, softTargets } from './expertise.js';
import { binaryCrossEntropy, expertiseWeights } from './losses.js';
import type { ByNetwork, Mrnet } from './model.js';

/** Images and what raters drew on them. */
export interface MrnetBatch {
  /** [B, H, W, 3], normalised. */
  readonly images: tf.Tensor4D;
  /** One map a rater and class [B, H, W, R, K], 0 or 1. */
  readonly masks: tf.Tensor5D;
}

/** The published constants: Adam at 1e-4 with weight decay 5e-4, the same for all three networks. */
export const mrnetAdam = { learningRate: 1e-4, weightDecay: 5e-4 } as const satisfies AdamOptions;

/** The three expertise vectors of every image [B, R] and the targets that go with them [B, H, W, K]. */
export type Conditions = Readonly<
  Record<keyof typeof expertiseWeights, { readonly expertise: tf.Tensor2D; readonly targets: tf.Tensor4D }>
>;

/** Draws three vectors an image and their targets; the caller owns the tensors. */
export function drawConditions(masks: tf.Tensor5D, random: Random): Conditions {
  const [batch, , , raters] = masks.shape;
  const draws = Array.from({ length: batch }, () => drawExpertise(raters, random));
  const of = (kind: keyof typeof expertiseWeights) => {
    const expertise = tf.tensor2d(draws.map((draw) => [...draw[kind]]));
    return { expertise, targets: softTargets(masks, expertise) };
  };
  return { single: of('single'), mixed: of('mixed'), average: of('average') };
}

const kinds = ['single', 'mixed', 'average'] as const;
type Kind = (typeof kinds)[number];

/** Losses of one step, as numbers. */
export interface MrnetReport {
  /** 0.7 times the weighted cross-entropy of the coarse network. */
  readonly coarse: number;
  /** Mean cross-entropy of the reconstructed raters. */
  readonly reconstruction: number;
  /** Weighted cross-entropy of the final prediction. */
  readonly refinement: number;
}

/**
 * One training step on one batch (spec section 11.2 A4): all three networks see the batch under a single rater's
 * expertise, a mixed one and the average; each has its own optimiser and none sends gradients into another.
 *
 * The published program compares encoder levels of its second network too. That loss reaches no weight that is moved,
 * so it is left out here; `featureDistance` computes it. Its two passes, in training mode, also move the running statistics
 * of that network there, which inference here does not see: they are those of the three passes that learn.
 *
 * @returns what replaces the state, whose replaced tensors are freed; the batch stays the caller's.
 * @throws NumericError where a loss is not a number; the state before the step is then intact.
 */
export function mrnetStep(
  model: Mrnet,
  state: ByNetwork<Trained>,
  { images, masks }: MrnetBatch,
  random: Random,
  adam: AdamOptions = mrnetAdam,
): { readonly state: ByNetwork<Trained>; readonly report: MrnetReport } {
  const conditions = drawConditions(masks, random);
  const training = { training: true };

  const coarse = passes(state.coarse, (kind, parameters) => {
    const { expertise, targets } = conditions[kind];
    const { outputs, statistics } = model.coarse.apply(parameters, { images, expertise }, training);
    const loss = tf.mul(binaryCrossEntropy(outputs.logits, targets), 0.7 * expertiseWeights[kind]) as tf.Scalar;
    return { loss, rest: { outputs, statistics } };
  });
  const reconstruction = passes(state.reconstruction, (kind, parameters) => {
    const { expertise } = conditions[kind];
    const inputs = { images, coarse: coarse.outputs[kind].logits, expertise };
    const { outputs, statistics } = model.reconstruction.apply(parameters, inputs, training);
    const loss = tf.div(binaryCrossEntropy(outputs.raters, masks), kinds.length) as tf.Scalar;
    return { loss, rest: { outputs: { raters: outputs.raters }, statistics } };
  });
  const refinement = passes(state.refinement, (kind, parameters) => {
    const { features } = coarse.outputs[kind];
    // The published program reads the mixed expertise's coarse map for the average too.
    const { logits } = coarse.outputs[kind === 'average' ? 'mixed' : kind];
    const inputs = { features, coarse: logits, raters: reconstruction.outputs[kind].raters };
    const { outputs, statistics } = model.refinement.apply(parameters, inputs, training);
    const loss = tf.mul(binaryCrossEntropy(outputs, conditions[kind].targets), expertiseWeights[kind]) as tf.Scalar;
    return { loss, rest: { outputs: {}, statistics } };
  });

  tf.dispose([conditions, coarse.outputs, reconstruction.outputs] as never);
  const report = { coarse: coarse.loss, reconstruction: reconstruction.loss, refinement: refinement.loss };
  if (!Object.values(report).every(Number.isFinite)) {
    for (const { gradients, statistics } of [coarse, reconstruction, refinement]) tf.dispose([gradients, statistics]);
    throw new NumericError(`MRNet's losses are ${JSON.stringify(report)}.`, { remedy: 'Lower the learning rate.' });
  }
  const moved = (name: keyof ByNetwork<Trained>, { statistics, gradients }: Passed<object>): Trained => {
    const next = adamStep(replaceBuffers(state[name], statistics), gradients, adam);
    tf.dispose(gradients);
    return next;
  };
  return {
    state: {
      coarse: moved('coarse', coarse),
      reconstruction: moved('reconstruction', reconstruction),
      refinement: moved('refinement', refinement),
    },
    report,
  };
}

interface Passed<Outputs> {
  readonly gradients: ParameterRecord;
  readonly loss: number;
  readonly outputs: Readonly<Record<Kind, Outputs>>;
  /** After the last pass. */
  readonly statistics: ParameterRecord;
}

type Compute<Outputs> = (
  kind: Kind,
  parameters: ParameterRecord,
) => { loss: tf.Scalar; rest: { outputs: Outputs; statistics: ParameterRecord } };

/** Three passes one after the other, each with the running statistics the one before left; gradients are summed. */
function passes<Outputs extends object>(before: Trained, compute: Compute<Outputs>): Passed<Outputs> {
  let loss = 0;
  let statistics: ParameterRecord = {};
  const gradients: ParameterRecord[] = [];
  const outputs: Partial<Record<Kind, Outputs>> = {};
  for (const kind of kinds) {
    const parameters = { ...before.parameters, ...statistics };
    const passed = differentiate(parameters, () => compute(kind, parameters));
    loss += passed.loss.dataSync()[0]!;
    passed.loss.dispose();
    gradients.push(passed.gradients);
    outputs[kind] = passed.rest.outputs;
    tf.dispose(Object.values(statistics));
    statistics = passed.rest.statistics;
  }
  return { gradients: addGradients(gradients), loss, outputs: outputs as Record<Kind, Outputs>, statistics };
}
