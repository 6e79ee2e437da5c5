import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFsmrError } from '@fsmr/core/errors';
import { createRandom } from '@fsmr/core/random';
import { dicomFile, dicomElement as element, dicomShort as us } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { decodeDicomSeries, readDicomSeries } from './dicom.js';

interface Changes {
  readonly x?: number;
  readonly series?: string;
  readonly syntax?: string;
  readonly pixels?: Buffer;
  readonly orientation?: string;
  readonly photometric?: string;
  /** Bits stored, the highest of them, and whether they have a sign. */
  readonly bits?: readonly [stored: number, highest: number, signed: boolean];
}

function slice(z: number, changes: Changes = {}) {
  const { bits } = changes;
  const pixels = changes.pixels ?? Buffer.from(Int16Array.of(z, -1, 2, 3, 4, 5).buffer);
  return dicomFile(
    [
      element(0x20, 0xe, 'UI', changes.series ?? '1.2.3'),
      element(0x20, 0x32, 'DS', `${changes.x ?? 10}\\-20\\${z}`),
      element(0x20, 0x37, 'DS', changes.orientation ?? '1\\0\\0\\0\\1\\0'),
      element(0x28, 2, 'US', us(1)),
      element(0x28, 4, 'CS', changes.photometric ?? 'MONOCHROME2 '),
      element(0x28, 0x10, 'US', us(2)),
      element(0x28, 0x11, 'US', us(3)),
      element(0x28, 0x30, 'DS', '0.7\\0.5'),
      element(0x28, 0x100, 'US', us(16)),
      ...(bits === undefined ? [] : [element(0x28, 0x101, 'US', us(bits[0])), element(0x28, 0x102, 'US', us(bits[1]))]),
      element(0x28, 0x103, 'US', us(bits?.[2] === false ? 0 : 1)),
      element(0x28, 0x1052, 'DS', '-1000'),
      element(0x28, 0x1053, 'DS', '2'),
      element(0x7fe0, 0x10, 'OW', pixels),
    ],
    changes.syntax,
  );
}

const series = (...slices: Buffer[]) => slices.map((bytes, i) => ({ file: `${i}.dcm`, bytes }));

describe('a DICOM series', () => {
  it('becomes a scan in the order of its positions, in Hounsfield units', () => {
    const scan = decodeDicomSeries(series(slice(6), slice(0), slice(3)));
    expect(scan).toMatchObject({ size: [3, 2, 3], spacing: [0.5, 0.7, 3], origin: [-10, 20, 0] });
    expect(scan.files).toEqual(['1.dcm', '2.dcm', '0.dcm']);
    expect(scan.direction).toEqual([-1, 0, 0, 0, -1, 0, 0, 0, 1]);
    expect([...scan.data.subarray(6, 12)]).toEqual([-994, -1002, -996, -994, -992, -990]);
  });
  it('has the pixels that its header marks in a word, with their sign, and nothing else of it', () => {
    const read = (words: number[], bits: NonNullable<Changes['bits']>) => {
      const pixels = Buffer.from(Uint16Array.from(words).buffer);
      return [...decodeDicomSeries(series(slice(0, { pixels, bits }), slice(3, { pixels, bits }))).data.subarray(0, 6)];
    };
    const hounsfield = (values: number[]) => values.map((value) => 2 * value - 1000);
    // -1 in twelve bits, an overlay above them, the largest and the smallest number.
    expect(read([0x0fff, 0x1005, 0x07ff, 0x0800, 5, 0], [12, 11, true])).toEqual(
      hounsfield([-1, 5, 2047, -2048, 5, 0]),
    );
    expect(read([0x0fff, 0x1005, 0, 1, 2, 3], [12, 11, false])).toEqual(hounsfield([4095, 5, 0, 1, 2, 3]));
    // Twelve bits at the top of the word.
    expect(read([0x1230, 0xfff7, 0, 0x10, 0x20, 0x30], [12, 15, false])).toEqual(
      hounsfield([0x123, 0xfff, 0, 1, 2, 3]),
    );
    expect(() => read([0, 0, 0, 0, 0, 0], [12, 9, false])).toThrow('pixels of 12 bits up to bit 9 do not fit 16 bits');
    expect(() => decodeDicomSeries(series(slice(0, { photometric: 'MONOCHROME1 ' })))).toThrow(
      'inverted (MONOCHROME1)',
    );
  });
  it('is refused where slices drift sideways, as under a tilted gantry', () => {
    const tilted = series(slice(0), slice(3, { x: 10.04 }), slice(6, { x: 10.8 }));
    expect(() => decodeDicomSeries(tilted)).toThrow(
      /^2\.dcm: this slice lies 0\.80 mm beside the first, 0\.dcm\. The gantry/,
    );
    expect(decodeDicomSeries(tilted.slice(0, 2)).size).toEqual([3, 2, 2]);
  });
  it('names the two slices that one is missing or doubled between, and how far the others are apart', () => {
    const at = (...heights: number[]) =>
      series(...heights.map((height) => slice(height))).map((each, i) => ({ ...each, file: `s00${i + 1}.dcm` }));
    const tenth = at(0, 4, 8, 12, 16, 20, 24, 28, 32, 36);
    expect(() => decodeDicomSeries(tenth.filter(({ file }) => file !== 's005.dcm'))).toThrow(
      's006.dcm: this slice lies 8.000 mm from s004.dcm, the one before; the others lie 4.000 mm apart. ' +
        'A slice is missing between the two; complete the series.',
    );
    expect(() => decodeDicomSeries(at(0, 3, 9))).toThrow('s003.dcm: this slice lies 6.000 mm from s002.dcm');
    expect(() => decodeDicomSeries(at(0, 4, 8, 20, 24))).toThrow(
      /^s004\.dcm: .* 12\.000 mm from s003\.dcm.* 2 slices are missing between the two/,
    );
    for (const heights of [
      [0, 3, 3, 6],
      [0, 0, 3],
    ]) {
      expect(() => decodeDicomSeries(at(...heights))).toThrow(
        /lies 0\.000 mm from s00[12]\.dcm, .* lie 3\.000 mm apart\. One of the two is too many/,
      );
    }
    // Heights rounded in the file are no fault.
    expect(decodeDicomSeries(at(0, 4.01, 8, 12.01, 16)).spacing).toEqual([0.5, 0.7, 4]);
  });
  it('is refused where slices are mixed, compressed or cut short', () => {
    expect(() => decodeDicomSeries(series(slice(0), slice(3, { series: '1.2.4' })))).toThrow(
      /1\.dcm: .*another series/,
    );
    expect(() => decodeDicomSeries(series(slice(0), slice(3, { orientation: '0\\1\\0\\1\\0\\0' })))).toThrow(
      /unlike|another size/,
    );
    expect(() => decodeDicomSeries(series(slice(0, { syntax: '1.2.840.10008.1.2.4.70' })))).toThrow(/compressed/);
    expect(() => decodeDicomSeries(series(slice(0, { pixels: Buffer.alloc(4) })))).toThrow(/does not hold them/);
    expect(() => decodeDicomSeries([])).toThrow(/at least one slice/);
  });
  it('is read from its folder, other files passed over', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fsmr-dicom-'));
    try {
      await expect(readDicomSeries(folder)).rejects.toThrow(/no DICOM files/);
      for (const z of [0, 3]) await writeFile(join(folder, `${z}`), slice(z));
      await writeFile(join(folder, 'notes.txt'), 'patient moved');
      expect((await readDicomSeries(folder)).size).toEqual([3, 2, 2]);
      await expect(readDicomSeries(join(folder, 'no'))).rejects.toThrow(/cannot be read/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
  it('is read or refused when damaged, never worse', () => {
    const random = createRandom('damaged dicom');
    const good = slice(0);
    for (let i = 0; i < 1000; i++) {
      const bytes = Buffer.from(good);
      for (let n = random.integer(1, 3); n > 0; n--)
        bytes[random.integer(128, bytes.length - 1)] = random.integer(0, 255);
      try {
        decodeDicomSeries(series(random.chance(0.2) ? bytes.subarray(0, random.integer(140, bytes.length)) : bytes));
      } catch (error) {
        if (!isFsmrError(error)) throw error;
      }
    }
  });
});
