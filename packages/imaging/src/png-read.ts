import { InputError } from '@fsmr/core/errors';
import { decode } from 'fast-png';
import type { Image2D, Mask2D } from './image.js';
import { channelsOfColour, checkPng } from './png-chunks.js';
import { readBytes } from './read-bytes.js';

/** Where an image comes from, for errors. */
export interface ImageSource {
  readonly file?: string | undefined;
  readonly rater?: string | undefined;
}

/** Pixels as the file holds them. */
export interface RawPng {
  readonly width: number;
  readonly height: number;
  /** Samples a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; a palette is resolved to RGB. */
  readonly channels: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** Row by row, channels together. */
  readonly data: Uint8Array | Uint16Array;
  /** Whether some pixels are more transparent than others; a palette's and a transparent colour's opacity is not in `data`. */
  readonly transparent: boolean;
}

// Samples of fewer than 8 bits lie packed, each row on a byte boundary.
function unpackBits(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const result = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      result[y * width + x] = (data[y * rowBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return result;
}

function resolvePalette(indices: Uint8Array, palette: readonly number[][], source: ImageSource): Uint8Array {
  const result = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    const colour = palette[indices[i]!];
    if (colour === undefined) throw new InputError('the PNG file uses a colour its palette lacks.', source);
    for (let c = 0; c < 3; c++) result[3 * i + c] = colour[c]!;
  }
  return result;
}

/** Whether opacity differs between pixels: by a channel, by index into the palette, or by the one transparent colour. */
function opacityVaries(samples: ArrayLike<number>, colour: number, transparency: Uint8Array | undefined): boolean {
  const channels = channelsOfColour[colour]!;
  const colourOf = (at: number): number => ((transparency![2 * at] ?? 0) << 8) | (transparency![2 * at + 1] ?? 0);
  let opacity: (pixel: number) => number;
  if (colour === 4 || colour === 6) opacity = (pixel) => samples[(pixel + 1) * channels - 1]!;
  else if (transparency === undefined) return false;
  else if (colour === 3) opacity = (pixel) => transparency[samples[pixel]!] ?? 255;
  else {
    const hidden = Array.from({ length: channels }, (_, channel) => colourOf(channel));
    opacity = (pixel) => Number(!hidden.every((value, channel) => samples[pixel * channels + channel] === value));
  }
  const first = opacity(0);
  for (let pixel = 1; pixel < samples.length / channels; pixel++) if (opacity(pixel) !== first) return true;
  return false;
}

/**
 * The pixels of a PNG file, any colour type and depth; interlaced with 8 bits or more.
 * @throws InputError naming the file where it is no PNG image, a damaged one, or interlaced with fewer bits.
 */
export function decodePng(bytes: Uint8Array, source: ImageSource = {}): RawPng {
  const { header, cleaned, transparency } = checkPng(bytes, source);
  if (header.interlaced && header.depth < 8) {
    throw new InputError(`the PNG file is interlaced with ${header.depth} bits a sample, which cannot be read.`, {
      ...source,
      remedy: 'Save it without interlacing.',
    });
  }
  let image: ReturnType<typeof decode>;
  try {
    image = decode(cleaned);
  } catch (cause) {
    throw new InputError('the PNG file is damaged: its pixels cannot be decoded.', {
      ...source,
      cause,
      remedy: 'Get the file again, or save it anew.',
    });
  }
  const { width, height, depth } = header;
  const samples = depth < 8 ? unpackBits(image.data, width, height, depth) : (image.data as Uint8Array | Uint16Array);
  const transparent = opacityVaries(samples, header.colour, transparency);
  if (header.colour !== 3) {
    return { width, height, depth, channels: channelsOfColour[header.colour]!, data: samples, transparent };
  }
  const data = resolvePalette(samples as Uint8Array, image.palette ?? [], source);
  return { width, height, depth: 8, channels: 3, data, transparent };
}

/**
 * The grey image in a PNG file, values as stored (0..255 for 8 bits, 0..65535 for 16). Colours become luma with the
 * weights 0.299, 0.587, 0.114 (ITU-R BT.601); alpha is ignored.
 *
 * @throws InputError naming the file where it is no PNG image or a damaged one.
 */
export function decodeGreyPng(bytes: Uint8Array, source: ImageSource = {}): Image2D {
  return greyOf(decodePng(bytes, source));
}

function greyOf({ width, height, channels, data }: RawPng): Image2D {
  const grey = new Float32Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const at = i * channels;
    grey[i] = channels < 3 ? data[at]! : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  }
  return { width, height, data: grey };
}

/**
 * The mask in a PNG file: pixels with the greater of its values are 1, the others 0. A file with one value is empty
 * where that value is 0, else full.
 *
 * @throws InputError naming file and rater where it is no PNG image, holds more than two values, or is transparent in
 *   parts: whether object or background is the transparent one is not known, and what colour lies under it is chance.
 */
export function decodeMaskPng(bytes: Uint8Array, source: ImageSource = {}): Mask2D {
  const raw = decodePng(bytes, source);
  if (raw.transparent) {
    throw new InputError('this mask is transparent in parts, so its object may be either part.', {
      ...source,
      remedy: 'Export it without transparency: the object white, all else black.',
    });
  }
  const { width, height, data: grey } = greyOf(raw);
  let low = grey[0]!;
  let high = grey[0]!;
  for (let i = 1; i < grey.length; i++) {
    const value = grey[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const data = new Uint8Array(grey.length);
  for (let i = 0; i < grey.length; i++) {
    const value = grey[i]!;
    if (value !== low && value !== high) {
      throw new InputError(`a mask has two values, this file has ${low}, ${value} and ${high}.`, {
        ...source,
        remedy: 'Save the mask without smoothing, or choose a threshold and apply it.',
      });
    }
    data[i] = value === high && (high > low || value > 0) ? 1 : 0;
  }
  return { width, height, data };
}

/** Reads a grey image from a PNG file. @throws InputError see {@link decodeGreyPng} */
export async function readGreyPng(path: string, rater?: string): Promise<Image2D> {
  return decodeGreyPng(await readBytes(path, rater), { file: path, rater });
}

/** Reads a mask from a PNG file. @throws InputError see {@link decodeMaskPng} */
export async function readMaskPng(path: string, rater?: string): Promise<Mask2D> {
  return decodeMaskPng(await readBytes(path, rater), { file: path, rater });
}
