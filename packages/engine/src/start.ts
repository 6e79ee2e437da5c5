import { ConfigError, EngineError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { candidates } from './candidates.js';
import { causeOf } from './optional.js';
import type { BackendName, Candidate, Engine, EngineOptions, Failure } from './types.js';

/**
 * Starts the fastest backend that works: tfjs-node-gpu, tfjs-node, webgpu on a real graphics card, onnxruntime, wasm,
 * cpu, in this order. Each is tried with a small product before it is taken, and must read it synchronously unless it
 * was asked for.
 *
 * @returns which it is, why, and what kept each of those before it from starting.
 * @throws EngineError where the backend asked for is unknown or does not start, with cause and remedy; ConfigError for
 * options that make no sense.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const wanted = options.backend ?? fromEnvironment();
  if (wanted === undefined) return startFirst(candidates, options);
  const candidate = candidates.find(({ name }) => name === wanted);
  if (candidate === undefined) {
    const known = candidates.map(({ name }) => name).join(', ');
    throw new EngineError(`there is no backend ${JSON.stringify(wanted)}.`, { remedy: `Choose one of ${known}.` });
  }
  const failure = await tryToStart(candidate, options);
  if (failure !== undefined) {
    throw new EngineError(`backend ${wanted} does not start: ${failure.cause}`, { remedy: failure.remedy });
  }
  return { backend: wanted, reason: 'asked for', failures: [] };
}

function fromEnvironment(): BackendName | undefined {
  const name = process.env.FSMR_BACKEND;
  return name === undefined || name === '' ? undefined : (name as BackendName);
}

/** Starts the first of some candidates that works. @throws EngineError where none does. */
export async function startFirst(list: readonly Candidate[], options: EngineOptions): Promise<Engine> {
  const failures: Failure[] = [];
  for (const candidate of list) {
    const failure = (await tryToStart(candidate, options)) ?? tryToReadSynchronously(candidate);
    if (failure === undefined) {
      const reason =
        failures.length === 0 ? 'the fastest' : `the fastest that starts here; ${failures.length} faster did not`;
      return { backend: candidate.name, reason, failures };
    }
    failures.push(failure);
  }
  throw new EngineError(
    `no backend starts: ${failures.map(({ backend, cause }) => `${backend}: ${cause}`).join('; ')}`,
  );
}

/**
 * Tries one candidate.
 *
 * @returns why it did not start, or undefined where it did.
 * @throws ConfigError for options that make no sense, which are no fault of the backend.
 */
export async function tryToStart(candidate: Candidate, options: EngineOptions): Promise<Failure | undefined> {
  const { name: backend, remedy } = candidate;
  const { threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new ConfigError(`threads is ${threads}.`, { remedy: 'Give 1 or more, or leave it out.' });
  }
  const quiet = silence();
  try {
    await candidate.register(options);
    if (!(await tf.setBackend(candidate.tfjsName)))
      return { backend, cause: 'TensorFlow.js cannot initialise it.', remedy };
    await tf.ready();
    const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]));
    const [value] = await product.data();
    product.dispose();
    return value === 11 ? undefined : { backend, cause: `it computes 1 x 3 + 2 x 4 = ${value}.`, remedy };
  } catch (error) {
    return { backend, cause: causeOf(error), remedy };
  } finally {
    quiet();
  }
}

/** FSMR's own programs read results synchronously, so a backend that cannot is taken only where it is asked for. */
function tryToReadSynchronously({ name: backend }: Candidate): Failure | undefined {
  try {
    // A product: small sums never leave the processor.
    tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync());
    return undefined;
  } catch (error) {
    const remedy = `Programs that use await tensor.data() alone can ask for it: FSMR_BACKEND=${backend}.`;
    return { backend, cause: causeOf(error), remedy };
  }
}

/**
 * Backends that do not start say so on the console at length; we say it once, in our own words. TensorFlow.js also
 * advertises its Node package there.
 */
export function silence(): () => void {
  if (silent++ === 0) {
    const { warn, error } = console;
    restore = () => Object.assign(console, { warn, error });
    Object.assign(console, { warn: () => {}, error: () => {} });
  }
  return () => {
    if (--silent === 0) restore();
  };
}

/** How many starts are silent at this moment: the first one takes the console's voice, the last gives it back. */
let silent = 0;
let restore: () => void = () => {};
