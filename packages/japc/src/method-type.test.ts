import { alpnet } from '@fsmr/alpnet';
import {
  type Calibration,
  definePrototypeMethod,
  type ExtractInputs,
  type MethodDefinition,
  type PrototypeCalibrator,
  type PrototypeMethod,
  type Prototypes,
  type ScoreInputs,
  withCalibrator,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { japc, japcCalibrator } from './index.js';

/**
 * What somebody outside wrote against `@fsmr/core`. The compiler checks this file: where the interface changes so that
 * these methods no longer fit, the build fails.
 */
interface Strange extends PrototypeMethod<{ readonly pooled: tf.Tensor2D }> {
  readonly ownOption: number;
}

const minimal = definePrototypeMethod({
  name: 'minimal',
  extract: ({ support }) => ({ levels: [tf.mean(support.maps[0]!, [1, 2])] }) as Prototypes,
  score: ({ query }) => [tf.zeros([query.maps[0]!.shape[1], query.maps[0]!.shape[2]]) as tf.Tensor2D],
});

const strange: Strange = {
  ...definePrototypeMethod<{ readonly pooled: tf.Tensor2D }>({
    name: 'strange',
    classes: ['foreground'],
    maskResolution: 'image',
    share: ({ support }) => ({ pooled: tf.mean(support.maps[0]!, [1, 2]) as tf.Tensor2D }),
    extract: ({ shared }) => ({ levels: [shared.pooled] }),
    score: ({ prototypes, query }) => [tf.mul(tf.sum(prototypes.levels[0]!), query.maps[0]!) as unknown as tf.Tensor2D],
    decode: ({ similarities }) => similarities.foreground![0]! as unknown as tf.Tensor4D,
  }),
  ownOption: 3,
};

describe('the interface for methods and calibrators of others', () => {
  it('takes a method that says two things alone, and one with its own state and options', () => {
    expectTypeOf(minimal).toExtend<PrototypeMethod>();
    expectTypeOf(strange).toExtend<PrototypeMethod>();
    expectTypeOf<keyof MethodDefinition<undefined>>().toEqualTypeOf<keyof PrototypeMethod>();
    expectTypeOf<
      {
        [K in keyof MethodDefinition<undefined>]-?: undefined extends MethodDefinition<undefined>[K] ? never : K;
      }[keyof MethodDefinition<undefined>]
    >().toEqualTypeOf<'name' | 'extract' | 'score'>();
  });

  it('hands a method what it may need', () => {
    expectTypeOf<ExtractInputs<string>>().toHaveProperty('mask').toEqualTypeOf<tf.Tensor3D>();
    expectTypeOf<ExtractInputs<string>>().toHaveProperty('shots').toEqualTypeOf<readonly number[]>();
    expectTypeOf<ExtractInputs<string>>().toHaveProperty('shared').toEqualTypeOf<string>();
    expectTypeOf<ScoreInputs<string>>().toHaveProperty('prototypes').toEqualTypeOf<Prototypes>();
  });

  it('gives back the type it was given, however often it is wrapped', () => {
    expectTypeOf(japc(minimal)).toEqualTypeOf<typeof minimal>();
    expectTypeOf(japc(strange)).toEqualTypeOf<Strange>();
    expectTypeOf(japc(alpnet())).toEqualTypeOf<ReturnType<typeof alpnet>>();
    expectTypeOf(withCalibrator(japc(strange), japcCalibrator())).toEqualTypeOf<Strange>();
    expect(japc(strange).ownOption).toBe(3);
    expect(japc(minimal).name).toBe('minimal+japc');
  });

  it('takes a calibrator of others', () => {
    const nothing: PrototypeCalibrator = {
      name: 'nothing',
      consensus: 'soft',
      init: () => ({}),
      calibrate: ({ raters }): Calibration => ({ raters, loss: tf.scalar(0) }),
    };
    expect(withCalibrator(japc(minimal), nothing).calibrator!.name).toBe('japc+nothing');
  });
});
