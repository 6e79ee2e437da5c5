import { FsmrError, type FsmrErrorCode, isFsmrError } from '@fsmr/core/errors';

/** An error as plain data: threads do not share classes. */
export interface PackedError {
  readonly code: FsmrErrorCode | undefined;
  readonly fault: string;
  readonly file: string | undefined;
  readonly remedy: string | undefined;
}

/** An error as plain data. */
export function packError(error: unknown): PackedError {
  if (!isFsmrError(error)) return { code: undefined, fault: String(error), file: undefined, remedy: undefined };
  const { code, file, remedy } = error;
  // The message repeats file and remedy, which the constructor will add again.
  const prefix = file === undefined ? '' : `${file}: `;
  const suffix = remedy === undefined ? '' : ` ${remedy}`;
  const start = error.message.startsWith(prefix) ? prefix.length : 0;
  const end = error.message.endsWith(suffix) ? error.message.length - suffix.length : error.message.length;
  return { code, file, remedy, fault: error.message.slice(start, end) };
}

/** The error that was packed in another thread. */
export function unpackError({ code, fault, file, remedy }: PackedError): Error {
  return code === undefined ? new Error(fault) : new FsmrError(code, fault, { file, remedy });
}
