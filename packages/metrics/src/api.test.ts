import { readmeSnippet, runSnippet } from '@fsmr/testing';
import { expect, it } from 'vitest';
import * as metrics from './index.js';

it('the public API is what it was', () => {
  expect(Object.keys(metrics).sort()).toMatchInlineSnapshot(`
    [
      "aggregateBySupport",
      "aggregateDice",
      "averageSurfaceDistance",
      "bcaInterval",
      "bootstrapInterval",
      "combineTestGroups",
      "confusion",
      "consensusCounts",
      "consensusDice",
      "dice",
      "diceMatrix",
      "energyDistance",
      "ensembleCrps",
      "expectedCalibrationError",
      "fleissKappa",
      "formatPercent",
      "formatProbability",
      "hausdorffDistance",
      "hd95",
      "holm",
      "iou",
      "majorityConsensus",
      "maskKappa",
      "mean",
      "meanPairwiseDice",
      "normalCdf",
      "normalCrps",
      "normalQuantile",
      "normalTail",
      "pairBySupport",
      "pairedTTest",
      "percentileInterval",
      "precision",
      "quantile",
      "qubiqThresholds",
      "recall",
      "reliability",
      "renderCsv",
      "renderHtml",
      "renderLatex",
      "renderMarkdown",
      "resultRows",
      "resultTable",
      "signFlipTest",
      "softConsensus",
      "standardDeviation",
      "staple",
      "studentTail",
      "sumCounts",
      "surfaceDice",
      "surfaceDistances",
      "thresholdedDice",
      "volumeCrps",
      "wilcoxonSignedRank",
    ]
  `);
});

it('the README snippet runs', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const { markdown } = (await runSnippet(code, { '@fsmr/metrics': metrics }, ['markdown'])) as { markdown: string };
  expect(markdown).toBe(
    [
      '| Method | nodule | Mean | 95% interval | p |',
      '| --- | ---: | ---: | ---: | ---: |',
      '| one mask for all | 74.17 | 74.17 | [65.00, 83.33] |  |',
      '| one mask a rater | **100.00** | **100.00** | [100.00, 100.00] | 0.109 |',
      '',
    ].join('\n'),
  );
});
