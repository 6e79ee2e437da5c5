import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePng } from '@fsmr/imaging';

function element(group: number, number: number, vr: string, value: Buffer | string): Buffer {
  let body = typeof value === 'string' ? Buffer.from(value) : value;
  if (body.length % 2 === 1) body = Buffer.concat([body, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const long = vr === 'OW';
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4);
  if (long) head.writeUInt32LE(body.length, 8);
  else head.writeUInt16LE(body.length, 6);
  return Buffer.concat([head, body]);
}

const short = (value: number): Buffer => Buffer.from(Uint16Array.of(value).buffer);

/** One axial slice as an uncompressed DICOM file. */
export interface RawSlice {
  readonly width: number;
  readonly height: number;
  /** Between rows and columns, millimetres. */
  readonly spacing: number;
  readonly position: readonly [number, number, number];
  readonly pixels: Uint16Array;
}

function dicomBytes({ width, height, spacing, position, pixels }: RawSlice): Buffer {
  const syntax = element(2, 0x10, 'UI', '1.2.840.10008.1.2.1');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(syntax.length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(2, 0, 'UL', length),
    syntax,
    element(0x20, 0xe, 'UI', '1.2.3'),
    element(0x20, 0x32, 'DS', position.join('\\')),
    element(0x20, 0x37, 'DS', '1\\0\\0\\0\\1\\0'),
    element(0x28, 2, 'US', short(1)),
    element(0x28, 0x10, 'US', short(height)),
    element(0x28, 0x11, 'US', short(width)),
    element(0x28, 0x30, 'DS', `${spacing}\\${spacing}`),
    element(0x28, 0x100, 'US', short(16)),
    element(0x28, 0x103, 'US', short(0)),
    element(0x7fe0, 0x10, 'OW', Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)),
  ]);
}

/** Writes one case as CHAOS lays it out: slice `n` in files called `IMG-0001-0000n`, its labels beside it. */
export async function writeRawChaos(
  folder: string,
  slices: readonly (RawSlice & { readonly labels: Uint8Array })[],
): Promise<void> {
  const [scan, ground] = [join(folder, 'T2SPIR', 'DICOM_anon'), join(folder, 'T2SPIR', 'Ground')];
  await mkdir(scan, { recursive: true });
  await mkdir(ground);
  for (const [index, slice] of slices.entries()) {
    const name = `IMG-0001-${String(index + 1).padStart(5, '0')}`;
    await writeFile(join(scan, `${name}.dcm`), dicomBytes(slice));
    const { width, height, labels } = slice;
    await writePng(join(ground, `${name}.png`), { width, height, channels: 1, data: labels });
  }
}
