import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what is documented', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "foregroundProbability",
      "fuseProbabilities",
      "imageMaskedMean",
      "probabilityAlignment",
      "probabilityLogits",
      "qnet",
      "qnetPresets",
      "queryStatistics",
      "refinePrototype",
      "shotMeanPrototype",
      "thresholdOf",
      "unitFeatures",
    ]
  `);
});
