/** The one place that touches ONNX Runtime's synchronous binding, which its package does not document. */
import { createRequire } from 'node:module';
import { EngineError } from '@fsmr/core';

/** The release whose binding this package was written against. */
export const runtimeVersion = '1.30.0';

/** Element types as ONNX Runtime names them. */
export type ElementType = 'float32' | 'int32' | 'int64' | 'bool' | 'uint8';

/** A dense array lent to ONNX Runtime for one call; it is read or written in place. */
export interface Feed {
  readonly type: ElementType;
  readonly data: Float32Array | Int32Array | Uint8Array | BigInt64Array;
  readonly dims: readonly number[];
  readonly location: 'cpu';
}

/** A loaded model. */
export interface NativeSession {
  loadModel(buffer: ArrayBuffer, byteOffset: number, byteLength: number, options: object): void;
  run(
    feeds: Readonly<Record<string, Feed>>,
    fetches: Readonly<Record<string, Feed | null>>,
    options: object,
  ): Record<string, { readonly data: Feed['data']; readonly dims: readonly number[] }>;
  dispose(): void;
}

interface NativeBinding {
  readonly binding: { readonly InferenceSession: new () => NativeSession };
  readonly initOrt: () => void;
}

let loaded: NativeBinding | undefined;

/**
 * A session without a model.
 *
 * @throws EngineError where ONNX Runtime is not installed, is another release, or has no library for this platform.
 */
export function createNativeSession(): NativeSession {
  loaded ??= loadBinding();
  return new loaded.binding.InferenceSession();
}

function loadBinding(): NativeBinding {
  const load = createRequire(import.meta.url);
  const remedy = `Install it with: npm i onnxruntime-node@${runtimeVersion} --ignore-scripts`;
  let version: string;
  try {
    version = (load('onnxruntime-node/package.json') as { version: string }).version;
  } catch (cause) {
    throw new EngineError('The package onnxruntime-node is not installed.', { cause, remedy });
  }
  if (version !== runtimeVersion) {
    throw new EngineError(`onnxruntime-node ${version} is installed, but ${runtimeVersion} is needed.`, { remedy });
  }
  try {
    const native = load('onnxruntime-node/dist/binding') as NativeBinding;
    native.initOrt();
    return native;
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new EngineError(`ONNX Runtime's library for ${platform} could not be loaded (${reason}).`, { cause, remedy });
  }
}
