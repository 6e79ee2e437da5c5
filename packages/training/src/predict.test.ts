import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { areaMethod, brightest, greys, meetingMethod, modelOf } from './area.fixture.js';
import { type Arm, predictMasks, type RaterMode } from './predict.js';

const features = { maps: [tf.tensor4d(greys, [1, 2, 4, 1])] };
/** Raters who mark two, four and six of eight pixels. */
const masks = tf.tensor4d(
  [2, 4, 6].flatMap((count) => [...brightest(count)]),
  [3, 1, 2, 4],
);

/** How many pixels each rater is given. */
function areas(mode: RaterMode, method = areaMethod): number[] {
  const arm: Arm = { name: 'area', model: modelOf(method), parameters: {}, mode };
  return tf.tidy(() => [...tf.sum(predictMasks(arm, features, features, masks), [1, 2]).dataSync()]);
}

it('answers each rater alone, or all together', () => {
  // 0.8 exceeds 3/4; 0.6 to 0.8 exceed 1/2; 0.3 to 0.8 exceed 1/4.
  expect(areas('per-rater')).toEqual([1, 3, 6]);
  expect(areas('joint')).toEqual([1, 3, 6]);
  // Raters meet at one half where a calibrator brings them together, and only there.
  expect(areas('joint', meetingMethod)).toEqual([3, 3, 3]);
  expect(areas('per-rater', meetingMethod)).toEqual([1, 3, 6]);
});

it('gives every rater what the majority mask gives', () => {
  // Two of three raters mark the brightest four.
  expect(areas('consensus')).toEqual([3, 3, 3]);
});

it('knows no other way', () => {
  expect(() => areas('jiont' as RaterMode)).toThrow('arm area cannot treat raters as "jiont"');
});

it('frees all but its answer', () => {
  for (const mode of ['per-rater', 'joint', 'consensus'] as const) {
    const arm: Arm = { name: 'area', model: modelOf(areaMethod), parameters: {}, mode };
    expectNoLeak(() => predictMasks(arm, features, features, masks));
  }
});
