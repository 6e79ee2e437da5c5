import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what the README lists', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "applyWeights",
      "applyWithTaps",
      "asEncoderWeights",
      "compileEncoder",
      "deeplab",
      "defineEncoder",
      "dilatedResnet",
      "encodeSafetensors",
      "encoderTaps",
      "exportOnnx",
      "fromKerasResnet50",
      "isBuffer",
      "isKerasResnet50",
      "loadParameters",
      "loadWeights",
      "modelShapes",
      "openEncoder",
      "openSafetensors",
      "outputNames",
      "parseNpz",
      "parseSafetensors",
      "parseTorchArchive",
      "parseTorchLegacy",
      "parseWeights",
      "qnetEncoder",
      "resnet101",
      "resnet18",
      "resnet34",
      "resnet50",
      "resnetTrunk",
      "saveSafetensors",
      "takeParameters",
      "tinyEncoder",
      "toWeights",
      "twoMapResnet",
    ]
  `);
});
