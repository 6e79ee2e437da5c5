import { loadOracle, type Oracle, oracleCases, sharedFolder } from '@fsmr/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Cell, foregroundRegions, numpyRandomState, type Regions } from './index.js';

const cases = sharedFolder === undefined ? ['no shared folder'] : oracleCases('rpt_');
const pairs = (cells: readonly Cell[]) => cells.flatMap(({ row, column }) => [row, column]);

describe.skipIf(sharedFolder === undefined).each(cases)('published regions, %s', (name) => {
  let oracle: Oracle;
  let found: Regions;
  beforeAll(() => {
    oracle = loadOracle(name);
    const [height, width] = oracle.constants.feature_hw as [number, number];
    const points = oracle.array('fps_points').data;
    const mask = new Uint8Array(height * width);
    for (let i = 0; i < points.length; i += 2) mask[points[i]! * width + points[i + 1]!] = 1;
    const wanted = oracle.constants.fg_num as number;
    found = foregroundRegions(mask, width, wanted, numpyRandomState(1289).choice);
  });

  it('starts where numpy starts', () => {
    const info = oracle.constants.info as { eval: { sampler_draws: [number, number][] } };
    const [count, index] = info.eval.sampler_draws[0]!;
    expect(found.cells).toHaveLength(count);
    expect(numpyRandomState(1289).choice(count)).toBe(index);
  });

  it('finds the same centres and labels', () => {
    expect(pairs(found.centres)).toEqual([...oracle.array('fps_centres').data]);
    expect([...found.labels]).toEqual([...oracle.array('fps_labels').data]);
  });
});
