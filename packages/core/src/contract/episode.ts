import type * as tf from '@tensorflow/tfjs';

/** An image and what raters drew on it. */
export interface AnnotatedImage {
  /** [H, W, 3], normalised, finite; float32 or int32. */
  readonly image: tf.Tensor3D;
  /** Foreground of each rater by name [H, W], 0 or 1, of any type. A rater who did not outline this image is simply absent. */
  readonly masks: Readonly<Record<string, tf.Tensor2D>>;
}

/** One task: support images outlined by named raters, and a query to segment in the style of each. */
export interface Episode {
  /** The raters, in the order of every output. Each must have outlined at least one support image. */
  readonly raters: readonly string[];
  /** K images. */
  readonly support: readonly AnnotatedImage[];
  /** Its masks are the truth, where known; training needs them for every rater. */
  readonly query: AnnotatedImage;
}
