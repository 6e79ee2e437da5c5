import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Matrix3 } from './geometry.js';
import { decodeNifti, decodeNiftiLabels, readNifti, readNiftiHeader, readNiftiLabels } from './nifti-read.js';
import { type NiftiType, scalarTypes } from './nifti-types.js';
import { encodeNifti, writeNifti } from './nifti-write.js';
import { createLabelVolume, createVolume } from './volume.js';

const counting = createVolume(
  Float32Array.from({ length: 24 }, (_, i) => i),
  [4, 3, 2],
  { spacing: [0.5, 2, 7.5], origin: [-10, 20.5, 3], direction: [0, -1, 0, 1, 0, 0, 0, 0, -1] },
);

function patched(bytes: Uint8Array, at: number, write: (view: DataView) => void): Uint8Array {
  const copy = new Uint8Array(bytes);
  write(new DataView(copy.buffer, at));
  return copy;
}

describe('NIfTI', () => {
  const types = Object.keys(scalarTypes) as NiftiType[];
  it.each(types)('keeps %s voxels and geometry in every version, byte order and packing', (type) => {
    for (const version of [1, 2] as const) {
      for (const littleEndian of [true, false]) {
        for (const gzipLevel of [0, 1]) {
          const bytes = encodeNifti(counting, { type, version, littleEndian, gzipLevel });
          // Buffers that start at an odd address must read the same.
          const shifted = Buffer.concat([Buffer.from([0]), bytes]).subarray(1);
          for (const source of [bytes, shifted]) expect(decodeNifti(source)).toEqual(counting);
          expect(decodeNiftiLabels(bytes).data).toEqual(Uint8Array.from(counting.data));
        }
      }
    }
  });

  it('takes labels whose slope was rounded to single precision as the integers they were', () => {
    // What nibabel stores of a mask of 0 and 1 in bytes: 0 and 255, and a slope of 1 / 255.
    const masked = (object: number) => ({ ...counting, data: counting.data.map((value) => object * (value % 2)) });
    const labels = decodeNiftiLabels(encodeNifti(masked(1), { type: 'uint8', slope: 1 / 255 }));
    expect(labels.data).toEqual(Uint8Array.from(counting.data, (value) => value % 2));
    const near = encodeNifti(masked(1.001), { type: 'uint8', slope: 1.001 / 255 });
    expect(() => decodeNiftiLabels(near, { file: 'm.nii' })).toThrow('m.nii: labels must be integers, found 1.00');
  });
  it('applies slope and intercept', () => {
    const bytes = encodeNifti(counting, { type: 'int16', slope: 0.5, intercept: -3 });
    expect(decodeNifti(bytes).data).toEqual(counting.data);
    expect(decodeNiftiLabels(bytes).data).toEqual(Uint8Array.from(counting.data));
  });

  it('falls back to the qform, then to the spacing alone', () => {
    const bytes = encodeNifti(counting);
    const qform = decodeNifti(patched(bytes, 254, (view) => view.setInt16(0, 0, true)));
    qform.direction.forEach((value, i) => {
      expect(value).toBeCloseTo(counting.direction[i]!, 6);
    });
    expect(qform.origin).toEqual(counting.origin);
    const bare = decodeNifti(patched(bytes, 252, (view) => view.setInt32(0, 0, true)));
    expect(bare.spacing).toEqual(counting.spacing);
    expect(bare.origin).toEqual([0, 0, 0]);
    expect(bare.direction).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    // Readers differ in where such a file lies, so what is made of it must not claim a place either.
    expect([bare.unplaced, qform.unplaced]).toEqual([true, undefined]);
    const again = new DataView(encodeNifti(createVolume(bare.data, bare.size, bare)).buffer);
    expect([again.getInt16(252, true), again.getInt16(254, true)]).toEqual([0, 0]);
  });

  it('keeps any rotation, mirrored or not, in sform and qform alike', () => {
    const angle = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(angle, angle, angle, fc.boolean(), (a, b, c, mirrored) => {
        const [ca, sa, cb, sb, cc, sc] = [a, b, c].flatMap((x) => [Math.cos(x), Math.sin(x)]) as number[];
        const m = mirrored ? -1 : 1;
        const direction = [
          ca! * cb!,
          ca! * sb! * sc! - sa! * cc!,
          m * (ca! * sb! * cc! + sa! * sc!),
          sa! * cb!,
          sa! * sb! * sc! + ca! * cc!,
          m * (sa! * sb! * cc! - ca! * sc!),
          -sb!,
          cb! * sc!,
          m * cb! * cc!,
        ] as unknown as Matrix3;
        const bytes = encodeNifti({ ...counting, direction }, { version: 2 });
        for (const read of [bytes, patched(bytes, 348, (view) => view.setInt32(0, 0, true))]) {
          decodeNifti(read).direction.forEach((value, i) => {
            expect(value).toBeCloseTo(direction[i]!, 6);
          });
        }
      }),
    );
  });

  it('keeps labels in the smallest type that holds them', () => {
    const labels = (values: number[]) => createLabelVolume(Int32Array.from(values), [2, 1, 1]);
    expect(decodeNiftiLabels(encodeNifti(labels([0, 255]))).data).toBeInstanceOf(Uint8Array);
    expect(decodeNiftiLabels(encodeNifti(labels([0, 256]))).data).toBeInstanceOf(Uint16Array);
    expect(decodeNiftiLabels(encodeNifti(labels([-1, 70000]))).data).toEqual(Int32Array.of(-1, 70000));
  });

  it('reads and writes files, whole or not at all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fsmr-nifti-'));
    try {
      for (const name of ['a.nii', 'a.nii.gz']) {
        await writeNifti(join(folder, name), counting);
        expect(await readNifti(join(folder, name))).toEqual(counting);
        expect((await readNiftiHeader(join(folder, name))).type).toBe('float32');
      }
      expect((await readdir(folder)).sort()).toEqual(['a.nii', 'a.nii.gz']);
      await writeFile(join(folder, 'b.nii'), 'no volume');
      await expect(readNifti(join(folder, 'b.nii'))).rejects.toThrow(/b\.nii: this is not a NIfTI file/);
      await expect(readNiftiLabels(join(folder, 'c.nii'), { rater: 'r2' })).rejects.toThrow(
        /c\.nii, rater r2: there is no such file/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('what a NIfTI file must not do', () => {
  const bytes = encodeNifti(counting);
  const refused = (data: Uint8Array, message: RegExp): void => {
    expect(() => decodeNifti(data, { file: 'a.nii' })).toThrow(message);
  };
  it('end too early', () => {
    refused(bytes.subarray(0, 400), /a\.nii: the header promises 24 voxels in 96 bytes, the file holds 48 bytes/);
    refused(gzipSync(bytes).subarray(0, 150), /compressed data end too early/);
    refused(gzipSync(bytes.subarray(0, 400)), /promises 24 voxels/);
  });
  it('promise more than a compressed file can hold', () => {
    const huge = patched(bytes, 42, (view) => {
      for (const at of [0, 2, 4]) view.setInt16(at, 32767, true);
    });
    refused(gzipSync(huge), /more than \d+ compressed bytes can hold/);
    refused(huge, /promises 35181150961663 voxels/);
  });
  it('unpack to far more than its header says', () => {
    const bomb = Buffer.concat([bytes, Buffer.alloc(1 << 24)]);
    refused(gzipSync(bomb), /far longer than the header says/);
  });
  it('have two dimensions, unless that is allowed, or four', () => {
    const flat = createVolume(Float32Array.of(1, 2), [2, 1, 1]);
    const flatBytes = encodeNifti(flat, { dimensions: 2 });
    refused(flatBytes, /three dimensions are needed, this file has two: 2 x 1/);
    expect(decodeNifti(flatBytes, { allow2D: true })).toEqual(flat);
    const series = patched(bytes, 40, (view) => {
      view.setInt16(0, 4, true);
      view.setInt16(8, 5, true);
    });
    refused(series, /this file has 4: 4 x 3 x 2 x 5/);
  });
  it('hold NaN, unless it may become 0', () => {
    const holed = patched(bytes, 352, (view) => view.setFloat32(8, Number.NaN, true));
    refused(holed, /voxel 2 is NaN/);
    expect(decodeNifti(holed, { nonFinite: 'zero' }).data[2]).toBe(0);
  });
  it('hold labels that are no integers', () => {
    const half = patched(bytes, 352, (view) => view.setFloat32(4, 0.5, true));
    expect(() => decodeNiftiLabels(half, { file: 'a.nii', rater: '3' })).toThrow(
      /a\.nii, rater 3: labels must be integers, found 0\.5 at voxel 1/,
    );
  });
  it('hold colours, or a singular geometry, or voxels in another file', () => {
    refused(
      patched(bytes, 70, (view) => view.setInt16(0, 128, true)),
      /type 128 are not plain numbers/,
    );
    refused(
      patched(bytes, 280, (view) => view.setFloat32(0, Number.NaN, true)),
      /positive|origin or direction/,
    );
    refused(
      patched(bytes, 344, (view) => view.setUint8(1, 0x69)),
      /two files/,
    );
  });
  it('be asked for a value its type cannot hold', () => {
    expect(() => encodeNifti({ ...counting, data: counting.data.map((v) => v * 100) }, { type: 'uint8' })).toThrow(
      /value 300 does not fit uint8/,
    );
  });
});
