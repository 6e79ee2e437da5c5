import { gzipSync } from 'node:zlib';
import { isFsmrError } from '@fsmr/core/errors';
import { createRandom, type Random } from '@fsmr/core/random';
import { describe, expect, it } from 'vitest';
import { decodeMetaImage, decodeMetaImageLabels } from './metaimage.js';
import { decodeNifti, decodeNiftiLabels } from './nifti-read.js';
import { encodeNifti } from './nifti-write.js';
import { decodeNrrd, decodeNrrdLabels } from './nrrd.js';
import { decodePng } from './png-read.js';
import { encodePng } from './png-write.js';
import { createVolume } from './volume.js';

// A decoded pixel or voxel takes at most 8 bytes, and deflate shrinks at most 1032 times.
const bytesPerFileByte = 8 * 1032;

function mutate(random: Random, original: Uint8Array): Uint8Array {
  const bytes = original.slice();
  for (let n = random.integer(1, 4); n > 0; n--) {
    const at = random.integer(0, bytes.length - 1);
    switch (random.integer(0, 4)) {
      case 0:
        bytes[at] = random.integer(0, 255);
        break;
      case 1:
        bytes[at]! ^= 1 << random.integer(0, 7);
        break;
      case 2:
        bytes.fill(random.pick([0, 0x7f, 0x80, 0xff]), at, at + random.integer(1, 8));
        break;
      case 3:
        return bytes.slice(0, at);
      default:
        // Headers decide most, so they are hit more often.
        bytes[random.integer(0, Math.min(400, bytes.length - 1))] = random.integer(0, 255);
    }
  }
  return bytes;
}

const volume = createVolume(
  Float32Array.from({ length: 60 }, (_, i) => i),
  [5, 4, 3],
  { spacing: [1, 2, 3] },
);
const raw = encodeNifti(volume, { type: 'int16' }).subarray(352);
const text = (lines: string[]): Uint8Array => new TextEncoder().encode(lines.join('\n'));
const nrrdHeader = (encoding: string): Uint8Array =>
  text([
    'NRRD0004',
    'type: short',
    'dimension: 3',
    'space: left-posterior-superior',
    'sizes: 5 4 3',
    'space directions: (1,0,0) (0,2,0) (0,0,3)',
    'space origin: (0,0,0)',
    'endian: little',
    `encoding: ${encoding}`,
    '',
    '',
  ]);
const metaHeader = text([
  'ObjectType = Image',
  'NDims = 3',
  'BinaryDataByteOrderMSB = False',
  'DimSize = 5 4 3',
  'ElementSpacing = 1 2 3',
  'ElementType = MET_SHORT',
  'ElementDataFile = LOCAL',
  '',
]);
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const grey = Uint8Array.from({ length: 63 }, (_, i) => i * 4);

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array) => { data: { byteLength: number } };
}

const subjects: Subject[] = [
  { name: 'NIfTI-1', bytes: encodeNifti(volume, { type: 'int16' }), read: decodeNifti },
  { name: 'NIfTI-2', bytes: encodeNifti(volume, { version: 2, littleEndian: false }), read: decodeNifti },
  { name: 'NIfTI labels', bytes: encodeNifti(volume, { type: 'uint8' }), read: decodeNiftiLabels },
  { name: 'gzipped NIfTI', bytes: encodeNifti(volume, { gzipLevel: 6 }), read: decodeNifti },
  // The header alone is changed, then packed again: damage that no checksum finds.
  {
    name: 'NIfTI packed after the damage',
    bytes: encodeNifti(volume),
    read: (bytes) => decodeNifti(gzipSync(bytes, { level: 1 })),
  },
  { name: 'PNG', bytes: encodePng({ width: 9, height: 7, channels: 1, data: grey }), read: decodePng },
  { name: 'NRRD', bytes: joined(nrrdHeader('raw'), raw), read: decodeNrrd },
  { name: 'gzipped NRRD', bytes: joined(nrrdHeader('gzip'), gzipSync(raw)), read: decodeNrrdLabels },
  { name: 'MetaImage', bytes: joined(metaHeader, raw), read: decodeMetaImage },
  { name: 'MetaImage labels', bytes: joined(metaHeader, raw), read: decodeMetaImageLabels },
];

describe('twenty thousand damaged files are read or refused, never worse', () => {
  it.each(subjects)('$name', ({ name, bytes, read }) => {
    read(bytes);
    const random = createRandom(`fuzz ${name}`);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const damaged = mutate(random, bytes);
      try {
        // Compressed again, a file of zeros may hold more than its damaged original.
        expect(read(damaged).data.byteLength).toBeLessThanOrEqual((damaged.length + 64) * bytesPerFileByte);
      } catch (error) {
        if (!isFsmrError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
