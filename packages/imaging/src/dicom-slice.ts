import { InputError, isFsmrError } from '@fsmr/core/errors';
import dicomParser from 'dicom-parser';
import type { Vector3 } from './geometry.js';
import type { NiftiType } from './nifti-types.js';

/** One slice of a series: where it lies and where its pixels are. */
export interface DicomSlice {
  readonly file: string;
  readonly series: string;
  readonly width: number;
  readonly height: number;
  /** Millimetres between columns and between rows. */
  readonly spacing: readonly [number, number];
  /** First pixel's centre and the directions of rows and columns, in DICOM's world. */
  readonly position: Vector3;
  readonly alongRow: Vector3;
  readonly alongColumn: Vector3;
  readonly type: NiftiType;
  readonly littleEndian: boolean;
  readonly slope: number;
  readonly intercept: number;
  readonly bytes: Uint8Array;
  readonly offset: number;
}

// Transfer syntaxes whose pixels lie there as they are.
const plainSyntaxes = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'];

/** Whether bytes start as a DICOM file does. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';
}

/**
 * One slice from the bytes of a DICOM file.
 * @throws InputError where it is damaged, compressed, in colour, or does not say where it lies.
 */
export function parseDicomSlice(bytes: Uint8Array, file: string): DicomSlice {
  try {
    return sliceOf(bytes, file);
  } catch (cause) {
    // The parser throws errors of many kinds at damaged files, also from its accessors.
    if (isFsmrError(cause)) throw cause;
    throw new InputError('the DICOM file is damaged.', { file, cause, remedy: 'Get the file again.' });
  }
}

function sliceOf(bytes: Uint8Array, file: string): DicomSlice {
  const inflater = (): void => {
    throw new InputError('deflated DICOM files are not supported.', {
      file,
      remedy: 'Convert the series with dcm2niix.',
    });
  };
  const data = dicomParser.parseDicom(bytes, { inflater });
  const refuse = (what: string, remedy = 'Convert the series with dcm2niix and use the NIfTI file.'): InputError =>
    new InputError(what, { file, remedy });
  const numbers = (tag: string, count: number, name: string): number[] => {
    const values = Array.from({ length: count }, (_, k) => data.floatString(tag, k) ?? Number.NaN);
    if (values.some((value) => !Number.isFinite(value))) throw refuse(`the slice has no ${name}.`);
    return values;
  };
  const syntax = data.string('x00020010') ?? plainSyntaxes[0]!;
  if (!plainSyntaxes.includes(syntax)) throw refuse(`its pixels are compressed (transfer syntax ${syntax}).`);
  const [height, width] = [data.uint16('x00280010') ?? 0, data.uint16('x00280011') ?? 0];
  if ((data.uint16('x00280002') ?? 1) !== 1) throw refuse('its pixels are in colour.');
  if ((data.intString('x00280008') ?? 1) !== 1) throw refuse('it holds several frames.');
  const bits = data.uint16('x00280100') ?? 0;
  if (bits !== 8 && bits !== 16) throw refuse(`pixels of ${bits} bits are not supported.`);
  if (data.string('x00280004')?.trim() === 'MONOCHROME1') throw refuse('its grey values are inverted (MONOCHROME1).');
  const signed = data.uint16('x00280103') === 1;
  const stored = data.uint16('x00280101') ?? bits;
  const highest = data.uint16('x00280102') ?? stored - 1;
  if (stored < 1 || stored > bits || highest < stored - 1 || highest >= bits) {
    throw refuse(`pixels of ${stored} bits up to bit ${highest} do not fit ${bits} bits.`);
  }
  const pixels = data.elements.x7fe00010;
  const length = (width * height * bits) / 8;
  if (pixels === undefined || length < 1 || pixels.length < length || pixels.dataOffset + length > bytes.length) {
    throw refuse(`it promises ${width} x ${height} pixels and does not hold them.`, 'Get the file again.');
  }
  const littleEndian = syntax !== plainSyntaxes[2];
  const plain = stored === bits;
  const layout = { bits, stored, highest, signed, littleEndian };
  const [rowSpacing, columnSpacing] = numbers('x00280030', 2, 'pixel spacing');
  const directions = numbers('x00200037', 6, 'orientation');
  return {
    file,
    series: data.string('x0020000e') ?? '',
    width,
    height,
    spacing: [columnSpacing!, rowSpacing!],
    position: numbers('x00200032', 3, 'position') as unknown as Vector3,
    alongRow: directions.slice(0, 3) as unknown as Vector3,
    alongColumn: directions.slice(3) as unknown as Vector3,
    type: `${signed ? '' : 'u'}int${bits}` as NiftiType,
    littleEndian,
    slope: data.floatString('x00281053') ?? 1,
    intercept: data.floatString('x00281052') ?? 0,
    bytes: plain ? bytes : wholeWords(bytes.subarray(pixels.dataOffset, pixels.dataOffset + length), layout),
    offset: plain ? pixels.dataOffset : 0,
  };
}

/** Which bits of a word are the pixel; the others may hold overlays or nothing. */
interface PixelBits {
  /** 8 or 16. */
  readonly bits: number;
  readonly stored: number;
  /** The most significant of them, from 0. */
  readonly highest: number;
  readonly signed: boolean;
  readonly littleEndian: boolean;
}

/** The same pixels as whole words of the same order. */
function wholeWords(words: Uint8Array, { bits, stored, highest, signed, littleEndian }: PixelBits): Uint8Array {
  const result = new Uint8Array(words.length);
  const [from, to] = [words, result].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)) as [
    DataView,
    DataView,
  ];
  for (let at = 0; at < words.length; at += bits / 8) {
    const word = bits === 8 ? from.getUint8(at) : from.getUint16(at, littleEndian);
    const up = 31 - highest;
    const down = 32 - stored;
    const value = signed ? (word << up) >> down : (word << up) >>> down;
    if (bits === 8) to.setInt8(at, value);
    else to.setInt16(at, value, littleEndian);
  }
  return result;
}
