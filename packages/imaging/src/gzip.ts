import { constants, gunzipSync, unzip, unzipSync } from 'node:zlib';
import { InputError } from '@fsmr/core/errors';
import type { ImageSource } from './png-read.js';

// Deflate cannot shrink data further than this.
const maximumRatio = 1032;

/** Whether bytes start as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

function gzipError(cause: unknown, source: ImageSource): InputError {
  const code = (cause as { code?: string }).code;
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    return new InputError('the compressed data are far longer than the header says.', {
      ...source,
      cause,
      remedy: 'The file is damaged or not what its header claims; get it again.',
    });
  }
  const truncated = code === 'Z_BUF_ERROR';
  return new InputError(truncated ? 'the compressed data end too early.' : 'the compressed data are damaged.', {
    ...source,
    cause,
    remedy: truncated ? 'The download or copy was cut short; get the file again.' : 'Get the file again.',
  });
}

/**
 * The first bytes of a gzip file, unpacked: at least `length` where the file has them.
 * Looks at no more of the file than needed, so that a hostile one costs nothing.
 *
 * @throws InputError for damaged data.
 */
export function gunzipStart(bytes: Uint8Array, length: number, source: ImageSource = {}): Uint8Array {
  for (let used = 4096; ; used *= 8) {
    try {
      const part = bytes.subarray(0, used);
      const start = gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: used * maximumRatio });
      if (start.length >= length || used >= bytes.length) return start.subarray(0, length);
    } catch (cause) {
      throw gzipError(cause, source);
    }
  }
}

/** Refuses a size that the compressed bytes cannot hold, before anything is allocated. @throws InputError */
function checkRatio(bytes: Uint8Array, length: number, source: ImageSource): void {
  if (length <= bytes.length * maximumRatio + 1024) return;
  throw new InputError(`the header promises ${length} bytes, more than ${bytes.length} compressed bytes can hold.`, {
    ...source,
    remedy: 'The file is damaged or was cut short; get it again.',
  });
}

// Some writers pad their files; more than this is no padding.
const slack = 65536;

/**
 * Unpacks gzip or zlib data that should hold `length` bytes.
 * @throws InputError for damaged or truncated data, and for data far longer than `length`.
 */
export function gunzipExactly(bytes: Uint8Array, length: number, source: ImageSource = {}): Uint8Array {
  checkRatio(bytes, length, source);
  try {
    return unzipSync(bytes, { maxOutputLength: length + slack, chunkSize: chunkFor(length) });
  } catch (cause) {
    throw gzipError(cause, source);
  }
}

/** As {@link gunzipExactly}, off the main thread. */
export function gunzipExactlyAsync(bytes: Uint8Array, length: number, source: ImageSource = {}): Promise<Uint8Array> {
  checkRatio(bytes, length, source);
  return new Promise((resolve, reject) => {
    unzip(bytes, { maxOutputLength: length + slack, chunkSize: chunkFor(length) }, (cause, result) => {
      if (cause === null) resolve(result);
      else reject(gzipError(cause, source));
    });
  });
}

// One piece where it can be: pieces have to be joined, which takes a copy of everything. Never larger than what may come.
function chunkFor(length: number): number {
  return Math.max(1024, Math.min(length + 1, 1 << 28));
}
