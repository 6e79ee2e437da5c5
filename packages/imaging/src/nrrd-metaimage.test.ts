import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeMetaImage, decodeMetaImageLabels } from './metaimage.js';
import { encodeNifti } from './nifti-write.js';
import { decodeNrrd, decodeNrrdLabels } from './nrrd.js';
import { encodePng } from './png-write.js';
import { readLabelVolume, readVolume } from './read-volume.js';
import { createVolume } from './volume.js';

const values = [1, -2, 3, 400, 5, 6];
const little = Buffer.from(Int16Array.from(values).buffer);
const big = Buffer.from(little).swap16();
// x runs to the patient's left in the file's world, which is to the right mirrored.
const expected = createVolume(Float32Array.from(values), [3, 2, 1], {
  spacing: [0.5, 2, 3],
  origin: [-1, -2, 3],
  direction: [0, -1, 0, -1, 0, 0, 0, 0, 1],
});

function nrrd(changes: Record<string, string | undefined>, body: Buffer): Buffer {
  const fields: Record<string, string | undefined> = {
    type: 'short',
    dimension: '3',
    space: 'left-posterior-superior',
    sizes: '3 2 1',
    'space directions': '(0,0.5,0) (2,0,0) (0,0,3)',
    'space origin': '(1,2,3)',
    endian: 'little',
    encoding: 'raw',
    ...changes,
  };
  const lines = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}`]));
  return Buffer.concat([Buffer.from(['NRRD0005', '# a comment', ...lines, '', ''].join('\r\n')), body]);
}

function metaImage(changes: Record<string, string | undefined>, body: Buffer): Buffer {
  const fields: Record<string, string | undefined> = {
    ObjectType: 'Image',
    NDims: '3',
    BinaryData: 'True',
    BinaryDataByteOrderMSB: 'False',
    CompressedData: 'False',
    TransformMatrix: '0 1 0 1 0 0 0 0 1',
    Offset: '1 2 3',
    ElementSpacing: '0.5 2 3',
    DimSize: '3 2 1',
    ElementType: 'MET_SHORT',
    ...changes,
    ElementDataFile: changes.ElementDataFile ?? 'LOCAL',
  };
  const lines = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]));
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), body]);
}

describe('NRRD', () => {
  it('is read with its geometry, in either byte order, raw or packed', () => {
    expect(decodeNrrd(nrrd({}, little))).toEqual(expected);
    expect(decodeNrrd(nrrd({ endian: 'big' }, big))).toEqual(expected);
    expect(decodeNrrd(nrrd({ encoding: 'gzip' }, gzipSync(little)))).toEqual(expected);
    expect(decodeNrrdLabels(nrrd({ type: 'signed short int' }, little)).data).toEqual(Int32Array.from(values));
  });
  it('may give spacings alone, in the world of NIfTI', () => {
    const plain = nrrd(
      { space: undefined, 'space directions': undefined, 'space origin': undefined, spacings: '0.5 2 3' },
      little,
    );
    expect(decodeNrrd(plain)).toMatchObject({ spacing: [0.5, 2, 3], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  });
  it('lies in the world it names, and in none that does not say where left is', () => {
    const of = (space: string) => decodeNrrd(nrrd({ space, 'space directions': '(1,0,0) (0,1,0) (0,0,1)' }, little));
    expect(of('RAS')).toMatchObject({ origin: [1, 2, 3], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
    expect(of('left-anterior-superior')).toMatchObject({ origin: [-1, 2, 3], direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] });
    expect(of('lps')).toMatchObject({ origin: [-1, -2, 3], direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] });
    expect(() => of('scanner-xyz')).toThrow('the space "scanner-xyz" says not where left and right are');
  });
  it('is refused where it is short, detached, or of another kind', () => {
    expect(() => decodeNrrd(nrrd({}, little.subarray(0, 5)), { file: 'a.nrrd' })).toThrow(
      /a\.nrrd: the header promises 6 voxels in 12 bytes, the file holds 5/,
    );
    expect(() => decodeNrrd(nrrd({ 'data file': 'a.raw' }, little))).toThrow(/another file/);
    expect(() => decodeNrrd(nrrd({ dimension: '4' }, little))).toThrow(/dimensions are needed, found 4/);
    expect(() => decodeNrrd(nrrd({ type: 'block' }, little))).toThrow(/type "block"/);
    expect(() => decodeNrrd(nrrd({ encoding: 'bzip2' }, little))).toThrow(/encoding "bzip2"/);
    expect(() => decodeNrrd(nrrd({ sizes: '3 2 99999999' }, little))).toThrow(/promises/);
    expect(() => decodeNrrd(Buffer.from('NRRD0005\ntype: short\n'))).toThrow(/header has no end/);
    expect(() => decodeNrrd(Buffer.from('PNG'))).toThrow(/not a NRRD file/);
  });
});

describe('MetaImage', () => {
  it('is read with its geometry, in either byte order, plain or packed', () => {
    expect(decodeMetaImage(metaImage({}, little))).toEqual(expected);
    expect(decodeMetaImage(metaImage({ BinaryDataByteOrderMSB: 'True' }, big))).toEqual(expected);
    expect(decodeMetaImage(metaImage({ CompressedData: 'True' }, deflateSync(little)))).toEqual(expected);
    expect(decodeMetaImageLabels(metaImage({}, little)).data).toEqual(Int32Array.from(values));
  });
  it('may name its geometry otherwise', () => {
    const none = { TransformMatrix: undefined, Offset: undefined, ElementSpacing: undefined };
    for (const [matrix, origin] of [
      ['Rotation', 'Position'],
      ['Orientation', 'Origin'],
    ] as const) {
      const named = { [matrix]: '0 1 0 1 0 0 0 0 1', [origin]: '1 2 3', ElementSize: '0.5 2 3' };
      expect(decodeMetaImage(metaImage({ ...none, ...named }, little))).toEqual(expected);
    }
  });
  it('is refused where it is short, detached, or of another kind', () => {
    expect(() => decodeMetaImage(metaImage({}, little.subarray(2)))).toThrow(/promises 6 voxels/);
    expect(() => decodeMetaImage(metaImage({ ElementDataFile: 'a.raw' }, little))).toThrow(/another file/);
    expect(() => decodeMetaImage(metaImage({ ElementNumberOfChannels: '3' }, little))).toThrow(/several channels/);
    expect(() => decodeMetaImage(metaImage({ ElementType: 'MET_STRING' }, little))).toThrow(/MET_STRING/);
    expect(() => decodeMetaImage(metaImage({ DimSize: '3 x 1' }, little))).toThrow(/"DimSize" needs 3 numbers/);
  });
});

describe('a file of any format', () => {
  it('is recognised by its content', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fsmr-volume-'));
    const file = async (name: string, bytes: Uint8Array): Promise<string> => {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    };
    try {
      const paths = [
        await file('a.nrrd', nrrd({}, little)),
        await file('b.mha', metaImage({}, little)),
        await file('c.nii.gz', encodeNifti(expected, { gzipLevel: 1 })),
        await file('without-ending', encodeNifti(expected)),
      ];
      for (const path of paths) {
        expect(await readVolume(path)).toEqual(expected);
        expect((await readLabelVolume(path)).data).toEqual(Int32Array.from(values));
      }
      const png = await file('d.png', encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(1) }));
      await expect(readVolume(png)).rejects.toThrow(/d\.png: a volume is needed, this is a PNG image/);
      await expect(readLabelVolume(await file('e.txt', Buffer.from('text')), { rater: 'B' })).rejects.toThrow(
        /e\.txt, rater B: this is not a NIfTI file/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
