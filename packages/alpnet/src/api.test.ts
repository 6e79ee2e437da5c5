import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what the README lists', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "alpnet",
      "alpnetDefaults",
      "alpnetPresets",
      "classPrototypes",
      "filledCells",
      "hardAssignment",
      "meanOverShots",
      "poolCells",
      "prototypeMode",
      "resolveAlpnetOptions",
      "selectCells",
      "softAssignment",
      "trainingWindow",
    ]
  `);
});
