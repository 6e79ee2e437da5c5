import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeGreyPng, decodeMaskPng, decodePng } from './png-read.js';
import { encodePng, greyPicture, maskPicture } from './png-write.js';

function chunk(type: string, body: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type), body]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(body.length, 0);
  ends.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([ends.subarray(0, 4), typed, ends.subarray(4)]);
}

function file(
  width: number,
  height: number,
  depth: number,
  colour: number,
  rows: Uint8Array,
  extra: Buffer[] = [],
  interlace = 0,
) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = chunk('IDAT', deflateSync(rows));
  return Buffer.concat([signature, chunk('IHDR', header), ...extra, data, chunk('IEND', Buffer.alloc(0))]);
}

describe('PNG', () => {
  it('keeps grey, RGB and RGBA of 8 and 16 bits', () => {
    for (const channels of [1, 3, 4] as const) {
      const data = Uint8Array.from({ length: 6 * channels }, (_, i) => i * 9);
      const wide = Uint16Array.from(data, (value) => value * 300);
      for (const samples of [data, wide]) {
        const read = decodePng(encodePng({ width: 3, height: 2, channels, data: samples }));
        expect(read).toMatchObject({ width: 3, height: 2, channels });
        expect(Array.from(read.data)).toEqual(Array.from(samples));
      }
    }
  });
  it('turns colours into luma', () => {
    const png = encodePng({ width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 10, 20, 30) });
    const [red, mixed] = decodeGreyPng(png).data;
    expect(red).toBeCloseTo(76.245, 4);
    expect(mixed).toBeCloseTo(18.15, 4);
  });
  it('reads packed bits, palettes and interlaced images', () => {
    // Two rows of three pixels with 2 bits each, filter byte first.
    expect([...decodePng(file(3, 2, 2, 0, Uint8Array.of(0, 0b00011000, 0, 0b11100100))).data]).toEqual([
      0, 1, 2, 3, 2, 1,
    ]);
    const palette = chunk('PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6));
    const indexed = file(4, 1, 1, 3, Uint8Array.of(0, 0b01100000), [palette]);
    expect([...decodePng(indexed).data]).toEqual([1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3]);
    const data = Uint8Array.from({ length: 99 }, (_, i) => i);
    const woven = encode({ width: 11, height: 9, channels: 1, depth: 8, data }, { interlace: 'Adam7' });
    expect([...decodeGreyPng(woven).data]).toEqual([...data]);
    const packed = file(1, 1, 1, 0, Uint8Array.of(0, 0), [], 1);
    expect(() => decodePng(packed, { file: 'a.png', rater: 'r1' })).toThrow(
      'a.png, rater r1: the PNG file is interlaced with 1 bits a sample, which cannot be read. Save it without interlacing.',
    );
  });
  it('reads masks of any two values and refuses a third', () => {
    const mask = (...data: number[]) =>
      decodeMaskPng(encodePng({ width: data.length, height: 1, channels: 1, data: Uint8Array.from(data) }), {
        file: 'm.png',
        rater: 'r1',
      });
    expect([...mask(0, 255, 255).data]).toEqual([0, 1, 1]);
    expect([...mask(7, 9).data]).toEqual([0, 1]);
    expect([...mask(0, 0).data]).toEqual([0, 0]);
    expect([...mask(1, 1).data]).toEqual([1, 1]);
    expect(() => mask(0, 128, 255)).toThrow(/m\.png, rater r1: a mask has two values, this file has 0, 128 and 255/);
  });
  it('refuses masks that are transparent in parts, however that is stored', () => {
    const source = { file: 'm.png', rater: 'r1' };
    const rgba = (...alpha: number[]) =>
      encodePng({
        width: 2,
        height: 1,
        channels: 4,
        data: Uint8Array.of(255, 0, 0, alpha[0]!, 255, 255, 255, alpha[1]!),
      });
    expect(() => decodeMaskPng(rgba(255, 0), source)).toThrow(
      'm.png, rater r1: this mask is transparent in parts, so its object may be either part. Export it without transparency',
    );
    expect([...decodeMaskPng(rgba(255, 255), source).data]).toEqual([0, 1]);
    expect([...decodeGreyPng(rgba(255, 0)).data]).toHaveLength(2);
    const greyAlpha = (...alpha: number[]) => file(2, 1, 8, 4, Uint8Array.of(0, 255, alpha[0]!, 0, alpha[1]!));
    expect(() => decodeMaskPng(greyAlpha(255, 0), source)).toThrow(/transparent in parts/);
    expect([...decodeMaskPng(greyAlpha(9, 9), source).data]).toEqual([1, 0]);
    const palette = chunk('PLTE', Uint8Array.of(255, 255, 255, 0, 0, 0));
    const indexed = (opacities: number[], pixels = 0b01000000) =>
      file(2, 1, 1, 3, Uint8Array.of(0, pixels), [palette, chunk('tRNS', Uint8Array.from(opacities))]);
    expect(() => decodeMaskPng(indexed([0]), source)).toThrow(/transparent in parts/);
    expect([...decodeMaskPng(indexed([255]), source).data]).toEqual([1, 0]);
    // A transparent colour that no pixel has harms nothing.
    expect([...decodeMaskPng(indexed([0], 0b11000000), source).data]).toEqual([0, 0]);
    const keyed = (key: number) => file(2, 1, 8, 0, Uint8Array.of(0, 0, 200), [chunk('tRNS', Uint8Array.of(0, key))]);
    expect(() => decodeMaskPng(keyed(0), source)).toThrow(/transparent in parts/);
    expect([...decodeMaskPng(keyed(7), source).data]).toEqual([0, 1]);
  });
  it('writes masks black and white and stretches grey', () => {
    expect([...maskPicture({ width: 2, height: 1, data: Uint8Array.of(0, 1) }).data]).toEqual([0, 255]);
    expect([...greyPicture({ width: 3, height: 1, data: Float32Array.of(-1, 0, 3) }).data]).toEqual([0, 64, 255]);
  });
});

describe('a PNG file that cannot be used', () => {
  const source = { file: 'x.png' };
  const good = encodePng({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) });
  it('is named, with a remedy', () => {
    expect(() => decodePng(new TextEncoder().encode('GIF89a..'), source)).toThrow(
      /^x\.png: this is no PNG image\. Export/,
    );
    expect(() => decodePng(good.subarray(0, 40), source)).toThrow(/ends too early/);
    const flipped = good.slice();
    flipped[20]! ^= 1;
    expect(() => decodePng(flipped, source)).toThrow(/checksum of its "IHDR" part/);
  });
  it('may not promise more pixels than it holds, however large', () => {
    expect(() => decodePng(file(5, 5, 8, 0, new Uint8Array(10)), source)).toThrow(/fewer pixels/);
    expect(() => decodePng(file(60000, 60000, 16, 6, new Uint8Array(10)), source)).toThrow(/fewer pixels/);
    expect(() => decodePng(file(2, 2, 8, 0, new Uint8Array(1 << 20)), source)).toThrow(/cannot be unpacked/);
  });
  it('may not use a colour that does not exist', () => {
    const palette = chunk('PLTE', Uint8Array.of(1, 2, 3));
    expect(() => decodePng(file(1, 1, 8, 3, Uint8Array.of(0, 9), [palette]), source)).toThrow(/palette lacks/);
    expect(() => decodePng(file(1, 1, 8, 3, Uint8Array.of(0, 0)), source)).toThrow(/palette is missing/);
  });
  it('names file and rater of a damaged mask, with a remedy', () => {
    const good = encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) });
    const source = { file: 'b.png', rater: 'B' };
    expect(() => decodeMaskPng(good.subarray(0, 40), source)).toThrow(
      'b.png, rater B: the PNG file is damaged: it ends too early. Get or export the image again.',
    );
    expect(() => decodeMaskPng(Uint8Array.of(1, 2), source)).toThrow(
      'b.png, rater B: this is no PNG image. Export the image or mask as PNG.',
    );
  });
});
