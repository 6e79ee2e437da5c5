import { describe, expect, it } from 'vitest';
import { bytesUntilStep, crc32c, fileVersionRecord, scalarRecord } from './log-events.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('crc32c', () => {
  // RFC 3720, appendix B.4.
  it.each([
    ['zeros', new Uint8Array(32), 0x8a9136aa],
    ['ones', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['rising', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['digits', new TextEncoder().encode('123456789'), 0xe3069283],
  ])('of %s is the published value', (_name, bytes, value) => {
    expect(crc32c(bytes)).toBe(value);
  });
});

describe('event records', () => {
  const scalars = { 'loss/total': 1.5, gradient_norm: -0.25 };
  const event = scalarRecord({ step: 300, wallTime: 1700000000.5, scalars });

  // The bytes are those of TensorBoard 2.21: its Event and Summary messages through its RecordWriter.
  it('are those that TensorBoard itself writes', () => {
    expect(hex(fileVersionRecord(1700000000.5))).toBe(
      '1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110',
    );
    expect(hex(event)).toBe(
      '3700000000000000e7e8ca590900002040fc54d94110ac022a290a110a0a6c6f73732f746f74616c150000c03f' +
        '0a140a0d6772616469656e745f6e6f726d15000080be50750d2a',
    );
  });

  it('are kept up to a step, and up to where a kill cut one short', () => {
    const records = [
      fileVersionRecord(1),
      ...[1, 2, 300, 70000].map((step) => scalarRecord({ step, wallTime: 1, scalars })),
    ];
    const ends = records.map((_, i) => Buffer.concat(records.slice(0, i + 1)).length);
    const file = Buffer.concat(records);
    expect([0, 1, 2, 299, 300, 70000, 80000].map((step) => bytesUntilStep(file, step))).toEqual(
      [0, 1, 2, 2, 3, 4, 4].map((index) => ends[index]),
    );
    expect(bytesUntilStep(file.subarray(0, ends[3]! - 1), 1e9)).toBe(ends[2]);
    const spoiled = Buffer.from(file);
    spoiled[ends[1]! + 20]! ^= 1;
    expect(bytesUntilStep(spoiled, 1e9)).toBe(ends[1]);
    expect(bytesUntilStep(new Uint8Array(0), 5)).toBe(0);
  });
});
