import type { Scan } from '@fsmr/datasets';
import type * as tf from '@tensorflow/tfjs';

/**
 * Anything that learns one class from one support scan that R people have outlined, and then segments slices of other
 * scans R times, once in each person's style: few-shot methods with and without JAPC, networks trained on the support,
 * and networks trained on everything beforehand.
 */
export interface Segmenter {
  /** The name its results go by. */
  readonly name: string;
  /**
   * Learns from a support. Few-shot methods only keep its features; MRNet and D-Persona train.
   *
   * @throws InterruptedError where the lesson's signal came before learning was done.
   */
  learn(lesson: Lesson): Promise<Learned>;
  /** Frees what all lessons share, such as an encoder. */
  dispose(): void;
}

/** One class of one support scan. */
export interface Lesson {
  readonly scan: Scan;
  /** The support slices: one for each part of a scan (evaluation section 9.2), so three for volumes and one for images. */
  readonly slices: readonly number[];
  readonly classId: number;
  readonly className: string;
  /** Those whose styles are wanted, in the order of every output. */
  readonly raters: readonly string[];
  /**
   * What is random in learning depends on this alone, draws for later segmentations included. Few-shot segmenters pass it
   * over: they keep what they are given, and what their method draws is the same for every seed.
   */
  readonly seed: number | string;
  readonly signal?: AbortSignal;
  /** Told how far learning is, in whatever steps the segmenter counts; only those that take long call it. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was learned from one support. */
export interface Learned {
  /**
   * Segments one slice of a scan.
   *
   * @param part which part of the scan the slice belongs to, and so which support slice is meant
   * @returns [R, H, W], 0 or 1; the caller owns it.
   */
  segment(query: Scan, slice: number, part: number): tf.Tensor3D;
  /** Frees what was learned. */
  dispose(): void;
}
