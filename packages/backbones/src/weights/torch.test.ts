import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { WeightsError } from '@fsmr/core';
import { expectClose, loadOracle, oracleCases, sharedPath } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { encodeZip } from './files.fixture.js';
import { parseWeights } from './load.js';
import { torchFiles } from './torch.fixture.js';

const cases = oracleCases('pth_');

describe.skipIf(cases.length === 0).each(cases)('torch checkpoints of oracle %s', (name) => {
  const read = (file: string) => parseWeights(readFileSync(sharedPath('oracles', name, file)), file);

  it.each(['flat.pth', 'nested.pth', 'legacy_nonzip.pth'])('%s', (file) => {
    const oracle = loadOracle(name);
    const weights = read(file);
    expect([...weights.keys()]).toEqual(oracle.constants.order);
    for (const [key, { shape, data }] of weights) {
      const expected = oracle.array(key);
      expect(shape, key).toEqual([...expected.shape]);
      // The oracle stores 64-bit numbers cut to 32 bits.
      const values = data instanceof Float64Array ? Int32Array.from(data) : data;
      if (data.length > 0) expectClose(values, expected.data, 0);
    }
  });

  it('with metadata', () => {
    const oracle = loadOracle(name);
    const weights = read('with_metadata.pth');
    const expected = oracle.names.filter((key) => key.startsWith('meta_'));
    expect([...weights.keys()].sort()).toEqual(expected.map((key) => key.slice('meta_'.length)).sort());
    for (const [key, { data }] of weights) expectClose(data, oracle.array(`meta_${key}`).data, 0);
  });
});

describe('torch checkpoints', () => {
  it.each(Object.entries(torchFiles))('of %s', (_name, lines) => {
    const weights = parseWeights(inflateRawSync(Buffer.from(lines.join(''), 'base64')));
    expect(Object.fromEntries([...weights].map(([key, { shape, data }]) => [key, [shape, [...data]]]))).toEqual({
      w: [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
      t: [
        [3, 2],
        [0, 3, 1, 4, 2, 5],
      ],
      p: [[2], [1.5, -2]],
      h: [[1], [0.5]],
      n: [[], [7]],
    });
  });

  const archive = (pickle: string): Uint8Array =>
    encodeZip([
      { name: 'x/data.pkl', data: Buffer.from(pickle, 'latin1') },
      { name: 'x/data/0', data: new Uint8Array(16) },
    ]);
  /** A tensor on a storage of four floats, in protocol 0 with one persistent id. */
  const tensor = (offset: number, shape: string, strides: string): string =>
    "}S'w'\nctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI4\ntQ" +
    `I${offset}\n(${shape}t(${strides}tI00\nNtRs.`;

  it('that stay inside their storage are read, others refused with their shape', () => {
    expect(parseWeights(archive(tensor(1, 'I3\n', 'I1\n'))).get('w')?.shape).toEqual([3]);
    expect(() => parseWeights(archive(tensor(2, 'I3\n', 'I1\n')))).toThrow(
      '[3] reaches element 4 of a storage that holds 4',
    );
    expect(() => parseWeights(archive(tensor(0, 'I-3\n', 'I1\n')))).toThrow(WeightsError);
    expect(() => parseWeights(archive(tensor(0, 'I2\n', 'I1\nI1\n')))).toThrow('strides');
    expect(() => parseWeights(archive(tensor(0, 'I99999999\n', 'I0\n')))).toThrow('far larger');
  });

  it.each([
    ["cos\nsystem\n(S'true'\ntR.", 'os.system'],
    ["cbuiltins\neval\n(S'1'\ntR.", 'builtins.eval'],
    ['\x80\x04\x8c\x05posix\x8c\x06system\x93.', 'posix.system'],
    ['ctorch\n_utils\n.', 'torch._utils'],
    ['ctorch\nconstructor\n.', 'torch.constructor'],
  ])('that name %j are refused by that name', (pickle, name) => {
    expect(() => parseWeights(archive(pickle))).toThrow(WeightsError);
    expect(() => parseWeights(archive(pickle))).toThrow(name);
  });

  it('that copy one long list again and again are refused before it takes long', () => {
    const list = (item: string, count: number): string => `(lp0\n${item}p1\na${'g1\na'.repeat(count - 1)}0`;
    const pairs = list('(I1\nI2\nt', 2000) + 'ccollections\nOrderedDict\n(g0\ntR0'.repeat(2000);
    expect(() => parseWeights(archive(`${pairs}}.`))).toThrow('builds dictionaries of more than 1000000 pairs');
    const axes = list('I1\n', 2000) + tensor(0, 'I1\n', 'I1\n').replace('(I1\nt', 'g0\n');
    expect(() => parseWeights(archive(axes))).toThrow('a shape of 2000 axes');
  });

  it('that share dictionaries without end are refused, as are dictionaries within themselves', () => {
    const nested = `}${"p0\n0}S'a'\ng0\nsS'b'\ng0\ns".repeat(40)}.`;
    expect(() => parseWeights(archive(nested))).toThrow(WeightsError);
    expect(() => parseWeights(archive("}p0\nS'a'\ng0\ns."))).toThrow(WeightsError);
  });
});
