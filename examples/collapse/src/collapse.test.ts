import { expect, it } from 'vitest';
import { drawPanels } from './draw.js';
import { base, measure } from './measure.js';
import { scenes } from './scenes.js';

it('shows that the formula starts collapsed, the default does not, and the gate changes nothing', async () => {
  const [, encoded] = await scenes(base);
  const paper = await measure(encoded!, { preset: 'paper' });
  const chosen = await measure(encoded!, {});
  for (const { entropy, meanCosine } of paper.reports) {
    expect(entropy).toBeGreaterThan(0.999);
    expect(meanCosine.after).toBeGreaterThan(0.999);
  }
  expect(paper.raterDifference).toBeLessThan(0.01 * chosen.raterDifference);
  // With half of each prototype kept, three quarters of the way to collapse is the limit.
  for (const { meanCosine } of chosen.reports) expect(meanCosine.after).toBeLessThan(0.75 + 0.25 * meanCosine.before);
  expect(chosen.gradient).toBeGreaterThan(0);
  expect(chosen.change).toBeGreaterThan(0.1);
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
