import { createRandom, definePrototypeMethod, type PrototypeMethod } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { areaDataset, areaMethod, greyStore, modelOf } from './area.fixture.js';
import { fewShotSegmenter } from './few-shot.js';
import { lessonFor } from './lessons.js';

it('hands its method the same random numbers in every call, whatever the seed of the lesson', async () => {
  const drawn: number[] = [];
  const drawing = definePrototypeMethod({
    ...areaMethod,
    share: ({ random }) => void drawn.push(random.next()),
  }) as PrototypeMethod;
  const scan = await areaDataset().read('a');
  const episode = { classId: 1, className: 'bright', raters: ['wide'], supportScan: 'a', supportSlices: [0] };
  const features = greyStore();
  const segmenter = fewShotSegmenter(
    { name: 'drawing', model: modelOf(drawing), parameters: {}, mode: 'joint' },
    features,
  );
  for (const seed of [1, 2]) {
    const learned = await segmenter.learn(lessonFor(episode, scan, seed));
    for (const _ of [0, 1]) learned.segment(scan, 0, 0).dispose();
    learned.dispose();
  }
  const fixed = createRandom(1289).next();
  expect(drawn).toEqual([fixed, fixed, fixed, fixed]);
  segmenter.dispose();
  features.dispose();
  expect(tf.memory().numTensors).toBe(0);
});
