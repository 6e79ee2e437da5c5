import { ellipseKernel, erode, maskArea } from '@fsmr/imaging';
import { describe, expect, it } from 'vitest';
import { phantomDataset } from './phantom.js';
import { drawOutline, phantomRaters } from './raters.js';

const area = (mask: Uint8Array, id: number): number => mask.reduce((sum, value) => sum + (value === id ? 1 : 0), 0);
const centre = (mask: Uint8Array, id: number, width: number): number => {
  let sum = 0;
  mask.forEach((value, index) => {
    if (value === id) sum += index % width;
  });
  return sum / area(mask, id);
};

describe('the phantom', () => {
  it('is the same for the same seed, in any order of reading, and another for another seed', async () => {
    const options = { seed: 7, scans: 3, size: 48, slices: 2 };
    const [one, two] = [phantomDataset(options), phantomDataset({ ...options, scans: 9 })];
    const late = await two.read('phantom0002');
    await two.read('phantom0000');
    expect(await one.read('phantom0002')).toEqual(late);
    expect(await phantomDataset({ ...options, seed: 8 }).read('phantom0002')).not.toEqual(late);
    expect(late.size).toEqual([2, 48, 48]);
  });

  it('is outlined in the styles it declares, scan after scan', async () => {
    const dataset = phantomDataset({ seed: 1, scans: 6, size: 96 });
    expect(dataset.raters).toEqual(['generous', 'tight', 'smooth', 'biased']);
    for (const { id } of dataset.scans) {
      const { labels } = await dataset.read(id);
      for (const { id: organ } of dataset.classes) {
        const [generous, tight, smooth] = ['generous', 'tight', 'smooth'].map((rater) => area(labels[rater]!, organ));
        expect(tight).toBeGreaterThan(0);
        expect(smooth).toBeGreaterThan(tight!);
        expect(generous).toBeGreaterThan(smooth!);
        const shift = centre(labels.generous!, organ, 96) - centre(labels.biased!, organ, 96);
        expect(shift).toBeGreaterThan(2.5);
        expect(shift).toBeLessThan(5.5);
      }
    }
  });

  it('draws known outlines: a tight rater is an erosion, and never overlooks a small object', () => {
    const square = { width: 80, height: 80, data: new Uint8Array(6400) };
    for (let y = 20; y < 60; y++) square.data.fill(1, y * 80 + 20, y * 80 + 60);
    const tight = phantomRaters.find(({ name }) => name === 'tight')!;
    expect(drawOutline(square, tight.style)).toEqual(erode(square, ellipseKernel(2)));
    const dot = { ...square, data: square.data.map((_value, index) => (index === 3240 ? 1 : 0)) };
    for (const { style } of phantomRaters) expect(maskArea(drawOutline(dot, style))).toBeGreaterThan(0);
  });

  it('refuses counts that make no data set', () => {
    expect(() => phantomDataset({ seed: 1, scans: 0, size: 64 })).toThrow('scans must be an integer');
    expect(() => phantomDataset({ seed: 1, scans: 1, size: 64, raters: 5 })).toThrow('1 to 4 raters');
    expect(() => phantomDataset({ seed: 1, scans: 1, size: 64, classes: 4 })).toThrow('at most 3 classes');
  });
});
