import { type FsmrErrorDetails, isFsmrError, packError, unpackError } from '@fsmr/core';

/**
 * An error with the file, the rater or the remedy it does not know itself; what it knows it keeps. Anything but an
 * error of ours comes back as it is.
 */
export function withPlace(error: unknown, details: Omit<FsmrErrorDetails, 'cause'>): unknown {
  if (!isFsmrError(error)) return error;
  const packed = packError(error);
  const { file = details.file, rater = details.rater, remedy = details.remedy } = packed;
  return unpackError({ ...packed, file, rater, remedy }, error);
}
