import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what it says and nothing else', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "attentionEntropy",
      "attentionPrefix",
      "calibrationLoss",
      "consensusRows",
      "defaultProjectionWidth",
      "deviations",
      "gate",
      "inspectCalibration",
      "japc",
      "japcCalibrator",
      "jointAttention",
      "meanCosine",
      "presets",
      "raterAttention",
      "residualMlp",
      "residualMlpPrefix",
    ]
  `);
});
