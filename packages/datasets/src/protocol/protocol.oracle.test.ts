import { loadNpzOracle, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { queryBounds, queryPart, supportSlices } from './support.js';

describe.skipIf(!sharedFolder)('the protocol equals the published programs', () => {
  const oracle = sharedFolder ? loadNpzOracle('protocol') : undefined;
  const rows = (name: string): number[][] => {
    const { data, shape } = oracle!.array(name);
    return Array.from({ length: shape[0]! }, (_u, row) => [...data.slice(row * shape[1]!, (row + 1) * shape[1]!)]);
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_u, index) => index);

  it('support slices', () => {
    for (const [count, ...indices] of rows('support_index')) expect(supportSlices(upTo(count!))).toEqual(indices);
  });

  it('parts of query slices', () => {
    for (const [first, last, z, part] of rows('chunk')) expect(queryPart(z!, first!, last!)).toBe(part);
  });

  it('bounds and supports of Q-Net and RPT', () => {
    for (const [count, a, b, c, d, ...supports] of rows('qnet_chunks')) {
      expect(queryBounds(count!)).toEqual([a, b, c, d]);
      expect(supportSlices(upTo(count!))).toEqual(supports);
    }
  });
});
