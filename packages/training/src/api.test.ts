import { expect, it } from 'vitest';
import * as api from './index.js';

it('exports what the README lists', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "basePlan",
      "checkGroups",
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
      "fewShotSegmenter",
      "groupRates",
      "initialState",
      "learningRateAt",
      "lessonFor",
      "lessonsOf",
      "modelOfStage",
      "paceOf",
      "pairedSupports",
      "parametersOf",
      "predictMasks",
      "pseudoEpisodeSource",
      "publishedBudgets",
      "publishedConstants",
      "publishedTraining",
      "segmentationLoss",
      "sliceImage",
      "stageAt",
      "summarise",
      "totalSteps",
      "train",
      "trainStep",
      "twoStagePlan",
      "withRecentScans",
    ]
  `);
});
