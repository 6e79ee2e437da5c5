import {
  ConfigError,
  EngineError,
  type FsmrError,
  type FsmrErrorCode,
  type FsmrErrorDetails,
  GeometryError,
  InputError,
  InterruptedError,
  isFsmrError,
  NumericError,
  ShapeError,
  WeightsError,
} from '@fsmr/core';

const classes: Readonly<Record<FsmrErrorCode, new (fault: string, details?: FsmrErrorDetails) => FsmrError>> = {
  shape: ShapeError,
  input: InputError,
  geometry: GeometryError,
  config: ConfigError,
  weights: WeightsError,
  engine: EngineError,
  numeric: NumericError,
  interrupted: InterruptedError,
};

/**
 * An error with the file, the rater or the remedy it does not know itself; what it knows it keeps. Anything but an
 * error of ours comes back as it is.
 */
export function withPlace(error: unknown, details: FsmrErrorDetails): unknown {
  if (!isFsmrError(error)) return error;
  const known = Object.fromEntries(
    Object.entries({ file: error.file, rater: error.rater, remedy: error.remedy }).filter(([, value]) => value),
  );
  return new classes[error.code](faultOf(error), { ...details, ...known, cause: error });
}

/** What an error says without place and remedy. */
function faultOf({ message, file, rater, remedy }: FsmrError): string {
  const place = [file, rater === undefined ? undefined : `rater ${rater}`].filter((part) => part !== undefined);
  const start = place.length === 0 ? '' : `${place.join(', ')}: `;
  const end = remedy === undefined ? '' : ` ${remedy}`;
  return message.slice(
    message.startsWith(start) ? start.length : 0,
    message.endsWith(end) ? message.length - end.length : undefined,
  );
}
