/** The backends this package knows, fastest first. */
export type BackendName = 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'onnxruntime' | 'wasm' | 'cpu';

/** How a backend is to be started. */
export interface EngineOptions {
  /** This backend or none; the first that works when absent. The environment variable `FSMR_BACKEND` says the same. */
  readonly backend?: BackendName;
  /** Threads of backends on the processor; as many as it runs at once when absent. */
  readonly threads?: number;
  /** Takes WebGPU also where it runs in software, which is slow and of use for tests alone. */
  readonly softwareGpu?: boolean;
}

/** Why a backend was not started. */
export interface Failure {
  readonly backend: BackendName;
  /** What went wrong, one line. */
  readonly cause: string;
  /** What would make it work, one line. */
  readonly remedy: string;
}

/** A started engine. */
export interface Engine {
  readonly backend: BackendName;
  /** Why it was this one. */
  readonly reason: string;
  /** What was tried before it. */
  readonly failures: readonly Failure[];
}

/** One backend and how it starts. */
export interface Candidate {
  readonly name: BackendName;
  /** The name TensorFlow.js knows it by. */
  readonly tfjsName: string;
  readonly remedy: string;
  /** Makes the backend known to TensorFlow.js. @throws where it cannot. */
  register(options: EngineOptions): Promise<void>;
}
