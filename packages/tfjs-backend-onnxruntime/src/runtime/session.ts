/** Small models, compiled once and run synchronously on arrays lent for the call. */
import { EngineError } from '@fsmr/core';
import { encodeModel, node, type OnnxNode, type OnnxTensor } from '../onnx/index.js';
import { createNativeSession, type ElementType, type Feed, type NativeSession } from './binding.js';

/** What to compute: nodes read values `i0, i1, …` and write `o0, o1, …`. */
export interface Program {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly ElementType[];
  readonly outputs: readonly ElementType[];
  readonly initializers?: readonly OnnxTensor[];
}

/** A compiled program. */
export interface Session {
  /** Computes into `outputs`, which the caller provides. */
  readonly into: (inputs: readonly Feed[], outputs: readonly Feed[]) => void;
  /** Computes into fresh arrays; quicker than `into` for a few thousand elements. */
  readonly fresh: (inputs: readonly Feed[]) => Feed['data'][];
  readonly dispose: () => void;
}

/** Settings shared by all sessions of one backend. */
export interface SessionSettings {
  readonly threads: number;
}

const float32 = 'float32' as const;

/** A float32 array as ONNX Runtime takes it. */
export const feed = (data: Float32Array, dims: readonly number[]): Feed => ({
  type: float32,
  data,
  dims,
  location: 'cpu',
});

/**
 * ONNX Runtime copies every tensor it returns into a new JavaScript array, which costs several times the computation of
 * an element-wise operation. Results are already in the arrays that the caller provided, so the copies are only in the
 * way. A sequence as the first output makes the conversion stop, with this message, after everything is computed.
 */
const stopped = 'Non tensor type is temporarily not supported.';
const stopName = 'stop';

/** Compiles a program. */
export function compile(program: Program, settings: SessionSettings): Session {
  const inputNames = program.inputs.map((_, index) => `i${index}`);
  const outputNames = program.outputs.map((_, index) => `o${index}`);
  let filling: NativeSession | undefined;
  let returning: NativeSession | undefined;
  const feedsOf = (inputs: readonly Feed[]) =>
    Object.fromEntries(inputs.map((item, index) => [inputNames[index] as string, item]));
  const nothing = Object.fromEntries(outputNames.map((name) => [name, null]));
  return {
    into(inputs, outputs) {
      filling ??= load(program, settings, true);
      const fetches: Record<string, Feed | null> = { [stopName]: null };
      outputs.forEach((item, index) => {
        fetches[outputNames[index] as string] = item;
      });
      runUntilStop(filling, feedsOf(inputs), fetches);
    },
    fresh(inputs) {
      returning ??= load(program, settings, false);
      const feeds = feedsOf(inputs);
      const results = runAll(returning, feeds, nothing);
      return outputNames.map((name) => results[name]?.data as Feed['data']);
    },
    dispose() {
      filling?.dispose();
      returning?.dispose();
      filling = undefined;
      returning = undefined;
    },
  };
}

function runAll(session: NativeSession, feeds: Record<string, Feed>, fetches: Record<string, null>) {
  try {
    return session.run(feeds, fetches, {});
  } catch (error) {
    throw failed(feeds, error);
  }
}

function runUntilStop(session: NativeSession, feeds: Record<string, Feed>, fetches: Record<string, Feed | null>): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // the expected exception needs no stack, and collecting one costs microseconds
  try {
    session.run(feeds, fetches, {});
  } catch (error) {
    if (error instanceof Error && error.message === stopped) return;
    throw failed(feeds, error);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  throw new EngineError('ONNX Runtime returned results that it should have left in place.', {
    remedy: 'Report this with the version of onnxruntime-node.',
  });
}

/** What ONNX Runtime says when it refuses to compute, with what it was given. */
function failed(feeds: Record<string, Feed>, cause: unknown): EngineError {
  const given = Object.values(feeds).map(({ type, dims }) => `${type} [${dims}]`);
  const fault = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(`ONNX Runtime does not compute with ${given.join(', ')}: ${fault}`, {
    cause,
    remedy: 'Free memory or use smaller tensors; if neither is it, report this.',
  });
}

function load(program: Program, settings: SessionSettings, stop: boolean): NativeSession {
  const value = (name: string, type: ElementType) => ({ name, type });
  const outputs = program.outputs.map((type, index) => value(`o${index}`, type));
  const bytes = encodeModel({
    name: 'operation',
    nodes: stop ? [node('SequenceEmpty', [], [stopName]), ...program.nodes] : program.nodes,
    inputs: program.inputs.map((type, index) => value(`i${index}`, type)),
    outputs: stop ? [{ name: stopName, type: 'float32', sequence: true }, ...outputs] : outputs,
    initializers: program.initializers ?? [],
  });
  return loadModel(bytes, settings);
}

/** How a whole model is loaded. */
export interface LoadOptions {
  /** The folder of the files that hold the model's external data. They are mapped, and must not change. */
  readonly dataFolder?: string | undefined;
  /** Whether the graph is rewritten for speed, which takes seconds for large models; it is unless this is false. */
  readonly optimise?: boolean;
}

/** Loads a model from the bytes of an `.onnx` file. */
export function loadModel(
  bytes: Uint8Array,
  settings: SessionSettings,
  { dataFolder, optimise = true }: LoadOptions = {},
): NativeSession {
  const session = createNativeSession();
  session.loadModel(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength, {
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: optimise ? 'all' : 'disabled',
    enableCpuMemArena: true,
    enableMemPattern: false,
    logSeverityLevel: 3,
    // A session's helper thread may spin while that session computes, never longer: the next session needs the core.
    extra: {
      session: {
        force_spinning_stop: '1',
        ...(dataFolder !== undefined && { model_external_initializers_file_folder_path: dataFolder }),
      },
    },
  });
  return session;
}
