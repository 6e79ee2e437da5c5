/** The TensorFlow.js backend: where tensors live, and how native kernels get at them. */
import { EngineError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { ElementType, Feed, NativeSession } from './runtime/binding.js';
import { type BufferPool, createBufferPool, pooledBytes } from './runtime/buffer-pool.js';
import type { Program } from './runtime/session.js';
import { createSessionCache, type SessionCache } from './runtime/session-cache.js';
import { TensorData } from './tensor-data.js';
import { TensorStorage } from './tensor-storage.js';

/** Settings of a backend, all decided. */
export interface BackendSettings {
  /** Threads a native operation may use; programs compiled for another number must be released when it changes. */
  threads: number;
  /** Most compiled operations kept. */
  readonly maxSessions: number;
  /** Most bytes of freed memory kept for later tensors. */
  readonly maxPooledBytes: number;
  /** Tensors with fewer elements are left to the JavaScript kernels. */
  readonly smallTensor: number;
}

/** Shape and type of a tensor that a kernel is about to compute. */
export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** From this count on elements are computed into pooled memory. Fresh results that the pool would keep would let it grow. */
const pooledElements = pooledBytes / 4;

function takeMemory(pool: BufferPool, bytes: number, shape: readonly number[]): ArrayBuffer {
  try {
    return bytes >= pooledBytes ? pool.take(bytes) : new ArrayBuffer(bytes);
  } catch (cause) {
    const size = (bytes / 2 ** 30).toFixed(1);
    throw new EngineError(`A tensor of shape [${shape}] needs ${size} GiB, more than this machine or Node can give.`, {
      cause,
      remedy: 'Use smaller images or batches.',
    });
  }
}

/**
 * Holds tensors in JavaScript's memory, where ONNX Runtime reads and writes them in place. It offers the same members
 * as the cpu backend, so that kernels of that backend run on it unchanged.
 */
export class OnnxRuntimeBackend extends tf.KernelBackend {
  /** Read by the cpu backend's matrix kernels. */
  readonly blockSize = 48;
  readonly data: TensorStorage;
  readonly settings: BackendSettings;
  readonly sessions: SessionCache;
  /** Whole models by key. */
  readonly graphs = new Map<string, NativeSession>();
  readonly pool: BufferPool;

  constructor(settings: BackendSettings) {
    super();
    this.settings = settings;
    this.data = new TensorStorage(this, tf.engine());
    this.sessions = createSessionCache(settings.maxSessions, settings);
    this.pool = createBufferPool(settings.maxPooledBytes);
  }

  // What TensorFlow.js asks of every backend.

  override write(values: tf.backend_util.BackendValues, _shape: number[], dtype: tf.DataType): object {
    return this.data.add(new TensorData(values, dtype, false));
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    _shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const data = new TensorData(values, dtype, false);
    data.refCount = refCount;
    this.data.set(dataId, data);
  }

  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    const { complexTensorInfos, dtype } = this.data.get(dataId);
    if (complexTensorInfos !== undefined) {
      const real = this.readSync(complexTensorInfos.real.dataId) as Float32Array;
      const imag = this.readSync(complexTensorInfos.imag.dataId) as Float32Array;
      return tf.backend_util.mergeRealAndImagArrays(real, imag);
    }
    return tf.util.convertBackendValuesAndArrayBuffer(
      this.data.get(dataId).values as tf.backend_util.BackendValues,
      dtype,
    );
  }

  override refCount(dataId: object): number {
    return this.data.has(dataId) ? this.data.get(dataId).refCount : 0;
  }

  override incRef(dataId: object): void {
    this.data.get(dataId).refCount++;
  }

  decRef(dataId: object): void {
    if (this.data.has(dataId)) this.data.get(dataId).refCount--;
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const data = this.data.get(dataId);
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (data.complexTensorInfos !== undefined) {
      this.disposeData(data.complexTensorInfos.real.dataId, true);
      this.disposeData(data.complexTensorInfos.imag.dataId, true);
    }
    const buffer = data.recyclable();
    if (buffer !== undefined) this.pool.give(buffer);
    this.data.delete(dataId);
    return true;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    return { kernelMs: performance.now() - start };
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override dispose(): void {
    this.releasePrograms();
    this.pool.clear();
  }

  /** Frees everything compiled, which is compiled anew when next needed. */
  releasePrograms(): void {
    this.sessions.clear();
    for (const graph of this.graphs.values()) graph.dispose();
    this.graphs.clear();
  }

  // What the cpu backend's kernels ask of theirs.

  makeTensorInfo(
    shape: number[],
    dtype: tf.DataType,
    values?: tf.backend_util.BackendValues | string[],
  ): tf.TensorInfo {
    const first = values?.[0];
    const encoded =
      dtype === 'string' && typeof first === 'string'
        ? (values as string[]).map((text) => tf.util.encodeString(text))
        : (values as tf.backend_util.BackendValues);
    return { dataId: this.write(encoded, shape, dtype), shape, dtype };
  }

  bufferSync(tensor: tf.TensorInfo): tf.TensorBuffer<tf.Rank, tf.DataType> {
    const values = this.readSync(tensor.dataId);
    if (tensor.dtype !== 'string') return tf.buffer(tensor.shape, tensor.dtype, values as tf.TypedArray);
    const texts = (values as Uint8Array[]).map((bytes) => tf.util.decodeString(bytes));
    return tf.buffer(tensor.shape, 'string', texts) as tf.TensorBuffer<tf.Rank, tf.DataType>;
  }

  makeOutput<T extends tf.Tensor>(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): T {
    return tf.engine().makeTensorFromTensorInfo(this.makeTensorInfo(shape, dtype, values), this) as T;
  }

  disposeIntermediateTensorInfo(tensor: tf.TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  where(condition: tf.Tensor): tf.Tensor2D {
    return tf.kernel_impls.whereImpl(condition.shape, this.readSync(condition.dataId) as tf.TypedArray);
  }

  // What native kernels use.

  /** The tensor's elements, lent for one native call; `dims` reshapes them. */
  lend(tensor: tf.TensorInfo, dims: readonly number[] = tensor.shape): Feed {
    return {
      type: tensor.dtype as ElementType,
      data: this.data.get(tensor.dataId).typed(tensor.dtype),
      dims,
      location: 'cpu',
    };
  }

  /** The elements of a float32 tensor, for reading only, and only until the kernel returns. */
  floats(tensor: tf.TensorInfo): Float32Array {
    return this.data.get(tensor.dataId).typed('float32') as Float32Array;
  }

  /**
   * Runs `use` with the tensor as rows of `width` elements and one more of zeros, which stands for whatever lies outside
   * an image. Tensors that kernels computed have room for it; others are copied.
   */
  withZeroRow(tensor: tf.TensorInfo, width: number, use: (rows: Feed) => void): void {
    const inPlace = this.data.get(tensor.dataId).withZeroRow(width);
    if (inPlace !== undefined) {
      use({ type: 'float32', data: inPlace, dims: [inPlace.length / width, width], location: 'cpu' });
      return;
    }
    const values = this.floats(tensor);
    const copy = this.scratch([values.length / width + 1, width]);
    (copy.data as Float32Array).set(values);
    (copy.data as Float32Array).fill(0, values.length);
    use(copy);
    this.release(copy);
  }

  /** Memory for a tensor with arbitrary content, and behind it room for one more row. */
  allocate(spec: OutputSpec, dims: readonly number[] = spec.shape): Feed {
    const length = tf.util.sizeFromShape(spec.shape as number[]);
    const bytes = spec.dtype === 'bool' ? length : length * 4;
    const row = spec.shape.length === 4 ? 4 * (spec.shape[3] as number) : 0;
    const buffer = takeMemory(this.pool, bytes + row, spec.shape);
    const data =
      spec.dtype === 'float32'
        ? new Float32Array(buffer, 0, length)
        : spec.dtype === 'int32'
          ? new Int32Array(buffer, 0, length)
          : new Uint8Array(buffer, 0, length);
    return { type: spec.dtype, data, dims, location: 'cpu' };
  }

  /** Scratch memory of `dims`, to be handed back by `release`. */
  scratch(dims: readonly number[]): Feed {
    return this.allocate({ shape: dims, dtype: 'float32' });
  }

  /** Hands scratch memory back. */
  release(scratch: Feed): void {
    if (scratch.data.buffer.byteLength >= pooledBytes) this.pool.give(scratch.data.buffer as ArrayBuffer);
  }

  /** Makes a tensor of allocated memory. */
  adopt(memory: Feed, shape: readonly number[]): tf.TensorInfo {
    const dtype = memory.type as OutputSpec['dtype'];
    return {
      dataId: this.data.add(new TensorData(memory.data as tf.TypedArray, dtype, true)),
      shape: [...shape],
      dtype,
    };
  }

  /** Runs a program on lent arrays, into memory that the caller provides. */
  runInto(key: string, program: () => Program, inputs: readonly Feed[], outputs: readonly Feed[]): void {
    this.sessions.get(key, program).into(inputs, outputs);
  }

  /** Runs a program with one output, and makes a tensor of it. */
  compute(
    key: string,
    program: () => Program,
    inputs: readonly Feed[],
    spec: OutputSpec,
    dims: readonly number[] = spec.shape,
  ): tf.TensorInfo {
    const length = tf.util.sizeFromShape(spec.shape as number[]);
    if (length >= pooledElements) {
      const memory = this.allocate(spec, dims);
      this.runInto(key, program, inputs, [memory]);
      return this.adopt(memory, spec.shape);
    }
    const [data] = this.sessions.get(key, program).fresh(inputs);
    return this.adopt({ type: spec.dtype, data: data as Feed['data'], dims, location: 'cpu' }, spec.shape);
  }
}
