import { alpnet } from '@fsmr/alpnet';
import {
  allShots,
  createRandom,
  crossEntropy,
  type ParameterRecord,
  type PrototypeMethod,
  type Segmentation,
  segmentFeatures,
} from '@fsmr/core';
import { attentionPrefix, type CalibrationReport, inspectCalibration, type JapcOptions, japc } from '@fsmr/japc';
import * as tf from '@tensorflow/tfjs';
import type { Scene } from './scenes.js';

/** What one form of JAPC does at its start, before any training. */
export interface Measurement {
  /** Entropy and spread, a class each. */
  readonly reports: readonly CalibrationReport[];
  /** The attention of the foreground [N][N]. */
  readonly attention: readonly (readonly number[])[];
  readonly calibrationLoss: number;
  /** Length of the gradient of segmentation and alignment loss with respect to Wq, over the length of Wq. */
  readonly gradient: number;
  /** Mean difference between the foreground probabilities of two raters. */
  readonly raterDifference: number;
  /** The largest change of a logit against the method without calibrator. */
  readonly change: number;
}

/** ALPNet at the grid of the scenes. */
export const base = alpnet({ protoGridSize: 8 }) as PrototypeMethod;

/** Measures one form on one scene. */
export async function measure(scene: Scene, options: JapcOptions): Promise<Measurement> {
  const method = japc(base, options);
  const channels = [scene.support.maps[0]!.shape[3]];
  const parameters = method.calibrator!.init({ channels, random: createRandom(1) });
  const found = segment(scene, method, parameters);
  const plain = segment(scene, base, {});
  const reports = await inspectCalibration(found);
  const attention = await found.classes.foreground!.calibration!.attention![0]!.array();
  const numbers = tf.tidy(() => ({
    loss: found.calibrationLoss.dataSync()[0]!,
    change: tf.max(tf.abs(tf.sub(found.logits, plain.logits))).dataSync()[0]!,
    raters: raterDifference(found.logits),
  }));
  tf.dispose([found, plain] as never);
  const gradient = queryGradient(scene, method, parameters);
  tf.dispose(Object.values(parameters));
  return {
    reports,
    attention,
    calibrationLoss: numbers.loss,
    change: numbers.change,
    raterDifference: numbers.raters,
    gradient,
  };
}

function segment(scene: Scene, method: PrototypeMethod, parameters: ParameterRecord): Segmentation {
  const { support, query, masks } = scene;
  const shots = allShots(masks.shape[0], 1);
  return segmentFeatures({ method, parameters, support, query, masks, shots, training: true });
}

/** Every pair of raters counts once. */
function raterDifference(logits: tf.Tensor4D): number {
  const foreground = tf.unstack(tf.unstack(tf.softmax(logits), 3)[1]!);
  const pairs = foreground.flatMap((own, i) =>
    foreground.slice(i + 1).map((other) => tf.mean(tf.abs(tf.sub(own, other)))),
  );
  return tf.div(tf.addN(pairs), pairs.length).dataSync()[0]!;
}

function queryGradient(scene: Scene, method: PrototypeMethod, parameters: ParameterRecord): number {
  const name = `${attentionPrefix}q.weight`;
  return tf.tidy(() => {
    const loss = (weight: tf.Tensor): tf.Scalar => {
      const { logits, alignmentLoss } = segment(scene, method, { ...parameters, [name]: weight });
      return tf.add(crossEntropy(logits, scene.truth, { classWeights: method.classWeights }), alignmentLoss);
    };
    const weight = parameters[name]!;
    return tf.div(tf.norm(tf.grad(loss)(weight)), tf.norm(weight)).dataSync()[0]!;
  });
}
