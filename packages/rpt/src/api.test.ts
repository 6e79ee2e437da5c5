import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what is documented', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "biasAlleviatedBlock",
      "dilate",
      "foregroundRegions",
      "noDropout",
      "numpyRandomState",
      "peripheryLoss",
      "prototypeLoss",
      "regionalPrototypes",
      "rpt",
      "rptPresets",
      "seededDropout",
      "selfLoss",
    ]
  `);
});
