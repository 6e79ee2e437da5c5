import { expect, it } from 'vitest';
import { drawPanels } from './draw.js';
import { base, measure } from './measure.js';
import { scenes } from './scenes.js';

it('shows that the formula starts collapsed, the default does not, and the gate changes nothing', async () => {
  const [random, encoded] = await scenes(base);
  for (const scene of [random!, encoded!]) {
    const paper = await measure(scene, { preset: 'paper' });
    const chosen = await measure(scene, {});
    for (const { entropy, spread } of paper.reports) {
      expect(entropy).toBeGreaterThan(0.999);
      expect(spread.after).toBeGreaterThan(0.999);
    }
    expect(paper.raterDifference).toBeLessThan(0.01 * chosen.raterDifference);
    for (const { spread } of chosen.reports) expect(spread.after).toBeLessThan(0.5 + 0.5 * spread.before);
    expect(chosen.gradient).toBeGreaterThan(0);
    expect(chosen.change).toBeGreaterThan(0.1);
  }
  const gate = await measure(encoded!, { preset: 'released' });
  expect(gate.change).toBeLessThan(1e-4);
  expect(gate.gradient).toBeLessThan(1e-6);
});

it('draws a panel a matrix', () => {
  const attention = [
    [0.5, 0.5],
    [0, 1],
  ];
  const svg = drawPanels([{ title: 'one', lines: ['a'], attention, counts: [1, 1] }]);
  expect(svg).toMatch(/^<svg [^>]+>/);
  expect(svg.match(/<rect /g)).toHaveLength(1 + 3 + 1);
});
