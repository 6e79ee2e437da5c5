import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what the README lists', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "basePlan",
      "checkPlan",
      "classMasks",
      "classPlane",
      "compareArms",
      "createFeatureStore",
      "decodeCheckpoint",
      "disposeEpisode",
      "disposeState",
      "encodeCheckpoint",
      "encoderOf",
      "episodeKey",
      "episodeLosses",
      "evaluate",
      "initialState",
      "learningRateAt",
      "modelOfStage",
      "pairedSupports",
      "parametersOf",
      "predictMasks",
      "pseudoEpisodeSource",
      "publishedBudgets",
      "publishedConstants",
      "segmentationLoss",
      "sliceImage",
      "stageAt",
      "summarise",
      "totalSteps",
      "train",
      "trainStep",
      "twoStagePlan",
    ]
  `);
});
