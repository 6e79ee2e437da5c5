import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePng } from '@fsmr/imaging';
import { dicomFile, dicomElement as element, dicomShort as short } from '@fsmr/testing';

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
  return dicomFile([
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
