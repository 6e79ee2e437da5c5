import { readFileSync } from 'node:fs';
import { loadNpzOracle, loadOracle, oracleCases, sharedFolder, sharedPath } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { felzenszwalb2d } from './felzenszwalb.js';
import { foregroundMask } from './foreground.js';
import { numberAsPublished, superpixels } from './superpixels.js';

const title =
  sharedFolder === undefined ? 'felzenszwalb oracles (skipped: shared folder absent)' : 'felzenszwalb oracles';

function imageOf(array: { shape: readonly number[]; data: ArrayLike<number> }) {
  return { height: array.shape[0]!, width: array.shape[1]!, data: Float32Array.from(array.data) };
}

/** How many entries of two arrays differ: quicker than comparing them with the test runner. */
function differing(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let count = Math.abs(actual.length - expected.length);
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) count++;
  return count;
}

/** The threshold a mask of the archive was made with, from its description in the manifest. */
function thresholdOf(array: string): number {
  const manifest = JSON.parse(readFileSync(sharedPath('oracles', 'npz', 'manifest.json'), 'utf8')) as {
    fixtures: { file: string; arrays: Record<string, { meaning: string }> }[];
  };
  const fixture = manifest.fixtures.find(({ file }) => file === 'pseudolabel_2d.npz')!;
  return Number(/threshold ([\d.e-]+)/.exec(fixture.arrays[array]!.meaning)![1]);
}

describe.skipIf(sharedFolder === undefined)(title, () => {
  it('finds its cases in the shared folder', () => {
    expect(oracleCases('felzenszwalb2d').length).toBeGreaterThan(0);
  });
  const variants = [
    { suffix: 'min400', sigma: 1, minimumSize: 400 },
    { suffix: 'min100', sigma: 0.8, minimumSize: 100 },
  ];
  for (const name of oracleCases('felzenszwalb2d')) {
    const oracle = loadOracle(name);
    const images = oracle.names.filter((array) => oracle.has(`${array}_fgmask`));
    const thresholds = oracle.constants.fg_thresh as Record<string, number> | undefined;
    it.each(images)(`${name}: %s is cut into the regions of scikit-image`, (array) => {
      const image = imageOf(oracle.array(array));
      for (const { suffix, sigma, minimumSize } of variants) {
        const labels = felzenszwalb2d(image, { scale: 1, sigma, minimumSize });
        expect(differing(labels.data, oracle.array(`${array}_${suffix}`).data)).toBe(0);
        const count = oracle.constants[`${array}_${suffix}_nseg`];
        if (count !== undefined) expect(labels.count).toBe(count);
      }
      const threshold = thresholds?.[array] ?? thresholds?.other ?? 1e-4;
      const mask = foregroundMask(image, threshold);
      expect(differing(Int32Array.from(mask.data), oracle.array(`${array}_fgmask`).data)).toBe(0);
      const numbered = superpixels(image, { foregroundThreshold: threshold });
      expect(differing(numbered.data, oracle.array(`${array}_pseudo`).data)).toBe(0);
    });
  }

  // The body of a skipped suite runs too.
  if (sharedFolder === undefined) return;
  const slices = loadNpzOracle('pseudolabel_2d');
  const names = [...new Set(slices.names.map((array) => array.split('.')[0]!))];
  it.each(names)('pseudolabel_2d: %s has the published regions, body and numbers', (name) => {
    const image = imageOf(slices.array(`${name}.img`));
    const mask = foregroundMask(image, thresholdOf(`${name}.fg`));
    expect(differing(mask.data, slices.array(`${name}.fg`).data)).toBe(0);
    const raw = felzenszwalb2d(image);
    expect(differing(raw.data, slices.array(`${name}.raw`).data)).toBe(0);
    expect(differing(numberAsPublished(raw, mask).data, slices.array(`${name}.out`).data)).toBe(0);
  });
});
