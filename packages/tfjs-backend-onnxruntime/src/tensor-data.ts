/** One tensor's elements, with a note on who else may hold them. */
import type * as tf from '@tensorflow/tfjs';

type Values = tf.backend_util.BackendValues;

/** The elements of one or several tensors of equal content. */
export class TensorData {
  readonly dtype: tf.DataType;
  refCount = 1;
  /** The parts of a complex tensor. */
  complexTensorInfos: { real: tf.TensorInfo; imag: tf.TensorInfo } | undefined;
  #values: Values | undefined;
  /** True while only this backend knows the memory, so that it can be used again after disposal. */
  #ours: boolean;

  constructor(values: Values | undefined, dtype: tf.DataType, ours: boolean) {
    this.#values = values;
    this.dtype = dtype;
    this.#ours = ours;
  }

  /** The elements, to keep for as long as the reader likes; their memory is not used again afterwards. */
  get values(): Values | undefined {
    this.#ours = false;
    return this.#values;
  }

  set values(values: Values | undefined) {
    this.#values = values;
    this.#ours = false;
  }

  /**
   * The elements in the array type of a dtype, for reading until the kernel returns. A tensor may differ in dtype from
   * the data it shares: the cpu backend's cast to a wider type copies nothing.
   */
  typed(dtype: tf.DataType): Float32Array | Int32Array | Uint8Array {
    const values = this.#values;
    const Expected = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
    // ONNX Runtime takes no memory that threads share.
    const isShared = values instanceof Expected && !(values.buffer instanceof ArrayBuffer);
    if (values instanceof Expected && !isShared) return values;
    const converted = Expected.from(values as ArrayLike<number>);
    if (dtype === this.dtype) this.values = converted;
    return converted;
  }

  /** The elements with a row of `width` zeros behind them; undefined where there is no room, or the room is not ours. */
  withZeroRow(width: number): Float32Array | undefined {
    const values = this.#values;
    if (!this.#ours || !(values instanceof Float32Array)) return undefined;
    if (values.buffer.byteLength < values.byteLength + 4 * width) return undefined;
    return new Float32Array(values.buffer, 0, values.length + width).fill(0, values.length);
  }

  /** The memory, if nobody else holds it. */
  recyclable(): ArrayBuffer | undefined {
    return this.#ours ? ((this.#values as Float32Array).buffer as ArrayBuffer) : undefined;
  }
}
