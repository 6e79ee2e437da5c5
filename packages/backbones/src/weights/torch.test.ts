import { readFileSync } from 'node:fs';
import { expectClose, loadOracle, oracleCases, sharedPath } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { parseWeights } from './load.js';

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
