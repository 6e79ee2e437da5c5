import type * as tf from '@tensorflow/tfjs';

/**
 * Named tensors: the trainable values and buffers of a model. Plain values, no hidden state.
 *
 * Names are those of the published checkpoints. In memory a rank-4 tensor is a convolution kernel [kh, kw, in, out];
 * on disk it is torch's [out, in, kh, kw]. Matrices of linear layers keep torch's [out, in] in both places.
 */
export type ParameterRecord = Readonly<Record<string, tf.Tensor>>;

/** The values, such as parameters, whose name starts with a prefix, with the prefix removed. No tensor is copied. */
export function withPrefix<Value>(values: Readonly<Record<string, Value>>, prefix: string): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** The same values, such as parameters or their shapes, under names that start with a prefix. No tensor is copied. */
export function addPrefix<Value>(values: Readonly<Record<string, Value>>, prefix: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}
