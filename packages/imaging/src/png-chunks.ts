import { crc32, inflateSync } from 'node:zlib';
import { InputError } from '@fsmr/core/errors';
import type { ImageSource } from './png-read.js';

/** What the first chunk of a PNG file declares. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const damaged = (what: string, source: ImageSource, cause?: unknown): InputError =>
  new InputError(`the PNG file is damaged: ${what}.`, { ...source, cause, remedy: 'Get or export the image again.' });

/** Whether bytes start as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && signature.every((byte, i) => bytes[i] === byte);
}

const depthsOfColour: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Samples a pixel, by colour type. */
export const channelsOfColour: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function headerOf(chunk: Uint8Array, source: ImageSource): PngHeader {
  if (chunk.length !== 13) throw damaged('its header has a wrong length', source);
  const view = new DataView(chunk.buffer, chunk.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour] = [view.getUint8(8), view.getUint8(9)];
  if (width < 1 || height < 1 || width > 1 << 24 || height > 1 << 24) {
    throw damaged(`it claims ${width} x ${height} pixels`, source);
  }
  if (depthsOfColour[colour]?.includes(depth) !== true) {
    throw damaged(`colour type ${colour} with ${depth} bits does not exist`, source);
  }
  if (view.getUint8(10) !== 0 || view.getUint8(11) !== 0 || view.getUint8(12) > 1) {
    throw damaged('its compression, filter or interlace method does not exist', source);
  }
  return { width, height, depth, colour, interlaced: view.getUint8(12) === 1 };
}

// The seven passes of an interlaced image: first column and row, then steps.
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes of the unpacked image data: each row with its filter byte, in one pass or in seven. */
function unpackedLength({ width, height, depth, colour, interlaced }: PngHeader): number {
  const bits = depth * channelsOfColour[colour]!;
  const rows = (w: number, h: number): number => (w > 0 && h > 0 ? h * (1 + Math.ceil((w * bits) / 8)) : 0);
  if (!interlaced) return rows(width, height);
  return passes.reduce(
    (sum, [x, y, dx, dy]) => sum + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}

/** A PNG file that was found sound. */
export interface CheckedPng {
  readonly header: PngHeader;
  /** A smaller file with what makes the picture. */
  readonly cleaned: Uint8Array;
  /** The body of its `tRNS` chunk: opacities of the palette's first colours, or the one colour that is transparent. */
  readonly transparency?: Uint8Array;
}

/**
 * Checks a PNG file and leaves only the chunks that make the picture, so that a decoder meets no surprise: every
 * length and checksum is tried, and the compressed data are known to hold exactly the pixels the header promises.
 *
 * @throws InputError where the bytes are no PNG image or a damaged one.
 */
export function checkPng(bytes: Uint8Array, source: ImageSource = {}): CheckedPng {
  if (!isPng(bytes)) {
    throw new InputError('this is no PNG image.', { ...source, remedy: 'Export the image or mask as PNG.' });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const data: Uint8Array[] = [];
  let header: PngHeader | undefined;
  let palette = false;
  let transparency: Uint8Array | undefined;
  let at = 8;
  for (let ended = false; !ended; ) {
    if (at + 12 > bytes.length) throw damaged('it ends too early', source);
    const length = view.getUint32(at);
    if (length > bytes.length - at - 12) throw damaged('it ends too early', source);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw damaged(`the checksum of its ${JSON.stringify(type)} part is wrong`, source);
    }
    if ((header === undefined) !== (type === 'IHDR')) throw damaged('its parts are out of order', source);
    if (type === 'IHDR') header = headerOf(body, source);
    if (type === 'PLTE') {
      if (palette || length === 0 || length % 3 !== 0 || length > 768) throw damaged('its palette is unusable', source);
      palette = true;
    }
    if (type === 'tRNS') transparency = body;
    if (type === 'IDAT') data.push(body);
    if (['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type)) kept.push(bytes.subarray(at, at + 12 + length));
    ended = type === 'IEND';
    at += 12 + length;
  }
  if (header!.colour === 3 && !palette) throw damaged('its palette is missing', source);
  checkData(header!, data, source);
  return { header: header!, cleaned: concatenate(kept), ...(transparency === undefined ? {} : { transparency }) };
}

function checkData(header: PngHeader, data: readonly Uint8Array[], source: ImageSource): void {
  const expected = unpackedLength(header);
  const packed = concatenate(data);
  // Deflate cannot shrink data by more than 1032, so a larger promise is refused before unpacking.
  if (expected > packed.length * 1032 + 1024) throw damaged('it holds fewer pixels than its header promises', source);
  let length: number;
  try {
    length = inflateSync(packed, { maxOutputLength: expected + 1024 }).length;
  } catch (cause) {
    throw damaged('its pixels cannot be unpacked', source, cause);
  }
  if (length < expected) throw damaged('it holds fewer pixels than its header promises', source);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
