/**
 * Every error FSMR raises on purpose carries a code, and where they are known the file, the rater and the remedy.
 *
 * Errors are recognised by a mark on the value and not by `instanceof`, because two copies of this package may live in
 * one process.
 */
const mark = Symbol.for('fsmr.error');

/** What went wrong, coarse enough to switch on. */
export type FsmrErrorCode =
  | 'shape' // a tensor, mask or image of another size than required
  | 'input' // a file, folder or value the user supplied cannot be used
  | 'geometry' // two volumes that must share a grid do not
  | 'config' // a configuration that cannot be understood
  | 'weights' // a weights file that does not fit the model, or is damaged
  | 'engine' // no backend, or one that lacks what is needed
  | 'numeric' // NaN or infinity where a number is needed
  | 'interrupted'; // the caller asked to stop

/** Where the fault lies and what to do about it. */
export interface FsmrErrorDetails {
  /** The file or folder at fault. */
  readonly file?: string | undefined;
  /** The rater at fault. */
  readonly rater?: string | undefined;
  /** What the reader can do, one sentence. */
  readonly remedy?: string | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
}

/** The base of every FSMR error; `message` holds file, rater, fault and remedy in one line. */
export class FsmrError extends Error {
  override readonly name: string = 'FsmrError';
  readonly code: FsmrErrorCode;
  readonly file: string | undefined;
  readonly rater: string | undefined;
  readonly remedy: string | undefined;
  readonly [mark] = true;

  constructor(code: FsmrErrorCode, fault: string, details: FsmrErrorDetails = {}) {
    const place = [details.file, details.rater === undefined ? undefined : `rater ${details.rater}`]
      .filter((part) => part !== undefined)
      .join(', ');
    const remedy = details.remedy === undefined ? '' : ` ${details.remedy}`;
    super(`${place === '' ? '' : `${place}: `}${fault}${remedy}`, { cause: details.cause });
    this.code = code;
    this.file = details.file;
    this.rater = details.rater;
    this.remedy = details.remedy;
  }
}

/** A tensor, mask or image has another size than required. */
export class ShapeError extends FsmrError {
  override readonly name = 'ShapeError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('shape', fault, details);
  }
}

/** A file, folder or value the user supplied cannot be used. */
export class InputError extends FsmrError {
  override readonly name = 'InputError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('input', fault, details);
  }
}

/** Two volumes that must share a grid do not. */
export class GeometryError extends FsmrError {
  override readonly name = 'GeometryError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('geometry', fault, details);
  }
}

/** A configuration cannot be understood. */
export class ConfigError extends FsmrError {
  override readonly name = 'ConfigError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('config', fault, details);
  }
}

/** A weights file is damaged or belongs to another model. */
export class WeightsError extends FsmrError {
  override readonly name = 'WeightsError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('weights', fault, details);
  }
}

/** No backend could be started, or it lacks an operation. */
export class EngineError extends FsmrError {
  override readonly name = 'EngineError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('engine', fault, details);
  }
}

/** NaN or infinity appeared where a number is needed. */
export class NumericError extends FsmrError {
  override readonly name = 'NumericError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('numeric', fault, details);
  }
}

/** The caller asked to stop; what was finished has been kept. */
export class InterruptedError extends FsmrError {
  override readonly name = 'InterruptedError';
  constructor(fault: string, details?: FsmrErrorDetails) {
    super('interrupted', fault, details);
  }
}

/** True for an error of any copy of this package. */
export function isFsmrError(value: unknown): value is FsmrError {
  return typeof value === 'object' && value !== null && (value as { [mark]?: unknown })[mark] === true;
}

const kinds: Readonly<Record<FsmrErrorCode, new (fault: string, details?: FsmrErrorDetails) => FsmrError>> = {
  shape: ShapeError,
  input: InputError,
  geometry: GeometryError,
  config: ConfigError,
  weights: WeightsError,
  engine: EngineError,
  numeric: NumericError,
  interrupted: InterruptedError,
};

/** An error as plain data, for another thread or process: they share no classes. */
export interface PackedError extends Pick<FsmrErrorDetails, 'file' | 'rater' | 'remedy'> {
  /** Undefined where the error is none of ours. */
  readonly code: FsmrErrorCode | undefined;
  /** What went wrong, without place and remedy. */
  readonly fault: string;
}

/** An error as plain data. */
export function packError(error: unknown): PackedError {
  if (!isFsmrError(error)) {
    return { code: undefined, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const { code, file, rater, remedy, message } = error;
  // The message repeats place and remedy, which the constructor will add again.
  const { message: frame } = new FsmrError(code, '', { file, rater, remedy });
  const end = remedy === undefined ? 0 : remedy.length + 1;
  const fault = message.slice(frame.length - end, message.length - end);
  return { code, fault, file, rater, remedy };
}

/**
 * The error that was packed, of its own kind; one that was none of ours becomes an `Error`.
 *
 * @param cause what it goes back to, where that is at hand
 */
export function unpackError({ code, fault, ...details }: PackedError, cause?: unknown): Error {
  return code === undefined ? new Error(fault, { cause }) : new kinds[code](fault, { ...details, cause });
}
