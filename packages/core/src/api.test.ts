import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as core from './index.js';

it('exports exactly this', () => {
  expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
    [
      "ConfigError",
      "EngineError",
      "FsmrError",
      "GeometryError",
      "InputError",
      "InterruptedError",
      "NumericError",
      "ShapeError",
      "WeightsError",
      "addPrefix",
      "alignmentLoss",
      "allShots",
      "avgPool2d",
      "batchNormEval",
      "batchNormTrain",
      "checkSpecificationVersion",
      "checkTruthValues",
      "clampProbabilities",
      "consensusForeground",
      "conv2d",
      "cosineSimilarity",
      "createRandom",
      "crossEntropy",
      "definePrototypeMethod",
      "definedOptions",
      "differentiable",
      "disposeSegmentation",
      "encoderPrefix",
      "episodeMasks",
      "hardForeground",
      "hasKernel",
      "imageAlignment",
      "initModel",
      "isFsmrError",
      "isModelBuffer",
      "maskedAveragePool",
      "maxPool2d",
      "packError",
      "plainMethod",
      "queryTruth",
      "resizeBilinear",
      "resizeBilinearTranspose",
      "resizeMasks",
      "restoreRandom",
      "runKernel",
      "safeNormalize",
      "scalarGradients",
      "segmentEpisode",
      "segmentFeatures",
      "selectShots",
      "separable",
      "sgdStep",
      "sgdSteps",
      "sliceFeatures",
      "stackedLogits",
      "unpackError",
      "updateRunningStatistics",
      "withCalibrator",
      "withPrefix",
    ]
  `);
});

it('does what the README shows', async () => {
  const snippet = readmeSnippet(new URL('../README.md', import.meta.url));
  const { logits } = (await runSnippet(snippet, { '@fsmr/core': core, '@tensorflow/tfjs': tf }, ['logits'])) as {
    logits: tf.Tensor;
  };
  expect(logits.shape).toEqual([3, 256, 256, 2]);
});
