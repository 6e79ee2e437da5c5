import { type CalibrationInputs, ConfigError, createRandom, type ParameterRecord, WeightsError } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attentionPrefix, defaultProjectionWidth, type JapcOptions, japcCalibrator } from './index.js';
import { presets, resolveOptions } from './options.js';

const channels = 6;
const random = createRandom(1);
const matrix = (rows: number, seed: number, width = channels): tf.Tensor2D =>
  tf.randomNormal([rows, width], 0.5, 1, 'float32', seed);
const shapes = (record: ParameterRecord) =>
  Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name.replace(attentionPrefix, ''), tensor.shape]));

function calibrate(options: JapcOptions, changes: Partial<CalibrationInputs> = {}) {
  const calibrator = japcCalibrator(options);
  const parameters = calibrator.init({ channels: [channels], random });
  return calibrator.calibrate({
    className: 'foreground',
    raters: [{ levels: [matrix(3, 1)] }, { levels: [matrix(2, 2)] }],
    consensus: { levels: [matrix(4, 3)] },
    parameters,
    training: true,
    direction: 'forward',
    ...changes,
  });
}

describe('parameters', () => {
  it('have the published names and, by default, no more weights than the paper has', () => {
    expect(shapes(japcCalibrator({ preset: 'paper' }).init({ channels: [256], random }))).toEqual({
      'q.weight': [256, 256],
      'k.weight': [256, 256],
    });
    expect(shapes(japcCalibrator({ preset: 'released' }).init({ channels: [256], random }))).toEqual({
      'q.weight': [256, 256],
      'k.weight': [256, 256],
      'q.bias': [256],
      'k.bias': [256],
    });
    expect(shapes(japcCalibrator({ residual: false }).init({ channels: [512, 512], random }))).toEqual({
      'q.weight': [128, 512],
      'k.weight': [128, 512],
    });
    expect([64, 256, 300, 512, 1024].map(defaultProjectionWidth)).toEqual([64, 256, 218, 128, 64]);
  });

  it('are one pair a class where these are separate, and one a width where levels differ', () => {
    const calibrator = japcCalibrator({ projections: 'separate', residual: false, projectionWidth: 2 });
    expect(shapes(calibrator.init({ channels: [8, 4], random }))).toEqual({
      'background.q.weight': [2, 8],
      'background.k.weight': [2, 8],
      'background.4.q.weight': [2, 4],
      'background.4.k.weight': [2, 4],
      'foreground.q.weight': [2, 8],
      'foreground.k.weight': [2, 8],
      'foreground.4.q.weight': [2, 4],
      'foreground.4.k.weight': [2, 4],
    });
  });

  it('start as the seed says, within the bounds of a linear layer of PyTorch', () => {
    const init = (seed: number) =>
      japcCalibrator({ preset: 'paper' }).init({ channels: [16], random: createRandom(seed) });
    const [first, again, other] = [init(1), init(1), init(2)].map((record) => record[`${attentionPrefix}q.weight`]!);
    expectClose(first!, again!, 0);
    expect(tf.equal(first!, other!).dataSync()).toContain(0);
    expect(tf.max(tf.abs(first!)).dataSync()[0]).toBeLessThanOrEqual(1 / 4);
    expectClose(init(1)[`${attentionPrefix}k.weight`]!, first!, 10);
  });

  it('start by similarity as a multiple of the product of prototypes', () => {
    const record = japcCalibrator({ sharpness: 7, residual: false }).init({ channels: [channels], random });
    const [wq, wk] = ['q', 'k'].map((layer) => record[`${attentionPrefix}${layer}.weight`] as tf.Tensor2D);
    const product = tf.div(tf.matMul(wq!, wk!, true), Math.sqrt(channels));
    expectClose(product, tf.mul(tf.eye(channels), 7), 1e-5);
  });
});

describe('calibrate', () => {
  it('gives every rater as many prototypes as before', () => {
    const { raters, attention } = calibrate({});
    expect(raters.map(({ levels }) => levels[0]!.shape)).toEqual([
      [3, channels],
      [2, channels],
    ]);
    expect(attention![0]!.shape).toEqual([5, 5]);
  });

  it('moves prototypes by the gain: at 0 not at all, at 1 to the formula', () => {
    const inputs = { raters: [{ levels: [matrix(3, 1)] }, { levels: [matrix(2, 2)] }] };
    const still = calibrate({ residual: 0 }, inputs);
    still.raters.forEach((own, rater) => {
      expectClose(own.levels[0]!, inputs.raters[rater]!.levels[0]!, 1e-6);
    });
    expect(still.loss.dataSync()[0]).toBe(0);
    const [whole, formula] = [calibrate({ residual: 1 }, inputs), calibrate({ residual: false }, inputs)];
    whole.raters.forEach((own, rater) => {
      expectClose(own.levels[0]!, formula.raters[rater]!.levels[0]!, 1e-5);
    });
  });

  it('calibrates levels one by one with the same projections', () => {
    const two = (seed: number, rows: number) => ({ levels: [matrix(rows, seed), matrix(rows, seed + 10)] });
    const both = calibrate({ loss: 'sum' }, { raters: [two(1, 2), two(2, 3)], consensus: two(3, 2) });
    const second = { levels: [matrix(2, 11)] };
    const alone = calibrate(
      { loss: 'sum' },
      { raters: [second, { levels: [matrix(3, 12)] }], consensus: { levels: [matrix(2, 13)] } },
    );
    expectClose(both.raters[0]!.levels[1]!, alone.raters[0]!.levels[0]!, 1e-6);
    expect(both.attention).toHaveLength(2);
    expect(both.loss.dataSync()[0]).toBeGreaterThan(alone.loss.dataSync()[0]!);
  });

  it('uses the projections of the class where they are separate', () => {
    const [foreground, background] = (['foreground', 'background'] as const).map(
      (className) => calibrate({ projections: 'separate', initialisation: 'torch' }, { className }).attention![0]!,
    );
    expect(tf.max(tf.abs(tf.sub(foreground!, background!))).dataSync()[0]).toBeGreaterThan(1e-6);
  });

  it('keeps zero prototypes at zero and lets raters have none', () => {
    const none = { levels: [tf.zeros([0, channels]) as tf.Tensor2D] };
    const zero = { levels: [tf.zeros([1, channels]) as tf.Tensor2D] };
    const { raters, loss } = calibrate({}, { raters: [none, zero, { levels: [matrix(2, 1)] }], consensus: none });
    expect(raters.map(({ levels }) => levels[0]!.shape[0])).toEqual([0, 1, 2]);
    expect(tf.max(tf.abs(raters[1]!.levels[0]!)).dataSync()[0]).toBe(0);
    expect(loss.dataSync()[0]).not.toBeNaN();
    const nobody = calibrate({}, { raters: [none, none], consensus: none });
    expect(nobody.loss.dataSync()[0]).toBe(0);
    expect(nobody.raters).toHaveLength(2);
  });

  it('leaves a rater alone where the episode has one, not where one of several is left', () => {
    const inputs = { raters: [{ levels: [matrix(2, 1)] }], consensus: { levels: [matrix(2, 3)] } };
    const changed = (more: Partial<CalibrationInputs>) =>
      calibrate({}, { ...inputs, ...more }).raters[0] !== inputs.raters[0];
    expect([changed({}), changed({ episodeRaters: 1 }), changed({ episodeRaters: 2 })]).toEqual([false, false, true]);
  });

  it('gives finite gradients to zero prototypes', () => {
    const calibrator = japcCalibrator();
    const parameters = calibrator.init({ channels: [channels], random });
    const gradient = tf.grad((own: tf.Tensor) => {
      const { loss, raters } = calibrator.calibrate({
        className: 'foreground',
        raters: [{ levels: [own as tf.Tensor2D] }, { levels: [matrix(2, 2)] }],
        consensus: { levels: [own as tf.Tensor2D] },
        parameters,
        training: true,
        direction: 'forward',
      });
      return tf.add(loss, tf.sum(raters[0]!.levels[0]!));
    })(tf.zeros([1, channels]));
    expect(Number.isFinite(tf.sum(tf.abs(gradient)).dataSync()[0])).toBe(true);
  });

  it('says what is missing', () => {
    expect(() => calibrate({}, { parameters: {} })).toThrow(WeightsError);
    expect(() => calibrate({}, { parameters: {} })).toThrow(
      'no cls_unit.proto_attention.q.weight for prototypes of 6 channels',
    );
    const paper = japcCalibrator({ preset: 'paper' }).init({ channels: [channels], random });
    expect(() => calibrate({}, { parameters: paper })).toThrow('cls_unit.proto_attention.gain is missing');
    expect(() => calibrate({ preset: 'released' }, { parameters: paper })).toThrow('q.bias is missing');
  });

  it('refuses options that make no sense', () => {
    expect(() => japcCalibrator({ preset: 'best' as never })).toThrow(ConfigError);
    expect(() => japcCalibrator({ temperature: 0 })).toThrow('JAPC temperature must be positive, not 0.');
    expect(() => japcCalibrator({ residual: Number.NaN })).toThrow('JAPC residual must be a number or false');
    for (const wrong of [
      { operator: 'joint-sofmax' },
      { loss: 'median' },
      { comparison: 'closest' },
      { consensus: 'hard' },
      { initialisation: 'xavier' },
      { projections: 'own' },
      { oneRater: 'no' },
    ]) {
      expect(() => japcCalibrator(wrong as never)).toThrow(/^JAPC \w+ cannot be ".*"/);
    }
    // Not given is not given, however it is written.
    expect(resolveOptions({ preset: 'paper', operator: undefined as never })).toEqual(presets.paper);
    expect(() => japcCalibrator({ projectionWidth: 1.5 })).toThrow('projectionWidth must be a positive whole number');
  });

  it('leaves no tensor behind', () => {
    const calibrator = japcCalibrator();
    const parameters = calibrator.init({ channels: [channels], random });
    const raters = [{ levels: [matrix(3, 1)] }, { levels: [matrix(2, 2)] }];
    const inputs = { className: 'foreground', raters, consensus: raters[0]!, parameters, training: true } as const;
    expectNoLeak(() => calibrator.calibrate({ ...inputs, direction: 'forward' }) as never);
    expectNoLeak(() => calibrator.init({ channels: [channels], random }));
  });
});
