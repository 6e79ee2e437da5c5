import { alpnet } from '@fsmr/alpnet';
import { allShots, createRandom, ShapeError, segmentFeatures, WeightsError } from '@fsmr/core';
import { expectClose, expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { japc, japcCalibrator, type LinearLayer, residualMlp } from './index.js';

const prototypes = tf.tensor2d([
  [1, 2],
  [3, -1],
]);
const references = tf.tensor2d([[1, 1]]);
const layer = (weight: number[][], bias: number[]): LinearLayer => ({
  weight: tf.tensor2d(weight),
  bias: tf.tensor1d(bias),
});
const layers = [
  layer(
    [
      [1, 0, 0, 1],
      [0, 0, 1, 0],
    ],
    [0, 0.5],
  ),
  layer(
    [
      [1, 1],
      [1, -1],
    ],
    [0, 0],
  ),
  layer(
    [
      [2, 0],
      [0, 1],
    ],
    [0, -1],
  ),
];

describe('residualMlp', () => {
  it('adds what the layers make of consensus and deviation', () => {
    // Row 1: [1 1 0 1] -> (2, 0.5) -> (2.5, 1.5) -> (5, 0.5). Row 2: [1 1 2 -2] -> (-1, 2.5) -> (2.5, -2.5) -> (5, -1).
    expect(residualMlp({ prototypes, references, layers }).arraySync()).toEqual([
      [6, 2.5],
      [8, -2],
    ]);
    const own = tf.tile(references, [2, 1]) as tf.Tensor2D;
    expectClose(residualMlp({ prototypes, references: own, layers }), [6, 2.5, 8, -2], 0);
  });

  it('has the gradient of its formula and leaves nothing behind', () => {
    const at = (x: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(residualMlp({ prototypes: x as tf.Tensor2D, references, layers })));
    expect(gradientError(at, prototypes)).toBeLessThan(1e-2);
    expectNoLeak(() => residualMlp({ prototypes, references, layers }));
  });

  it('names what does not fit', () => {
    expect(() => residualMlp({ prototypes, references: tf.ones([3, 2]), layers })).toThrow(ShapeError);
    expect(() => residualMlp({ prototypes, references, layers: layers.slice(1) })).toThrow('do not fit a projection');
    expect(() => residualMlp({ prototypes, references, layers: [layer([[1, 1, 1, 1]], [0])] })).toThrow(
      'the last layer gives 1 channels',
    );
  });
});

describe('the operator residual-mlp', () => {
  const channels = 4;
  const features = (seed: number) => ({
    maps: [tf.randomNormal([1, 8, 8, channels], 0, 1, 'float32', seed) as tf.Tensor4D],
  });
  const rectangle = (rows: number): tf.Tensor4D =>
    tf.pad(tf.ones([1, 1, rows, 8]), [
      [0, 0],
      [0, 0],
      [0, 8 - rows],
      [0, 0],
    ]) as tf.Tensor4D;
  const masks = tf.concat([rectangle(4), rectangle(5)], 0) as tf.Tensor4D;
  const base = alpnet({ protoGridSize: 4 });
  const method = japc(base, { operator: 'residual-mlp' });
  const fresh = method.calibrator!.init({ channels: [channels], random: createRandom(1) });
  const segment = (used: typeof base, parameters: typeof fresh) =>
    segmentFeatures({
      method: used,
      parameters,
      support: features(1),
      query: features(2),
      masks,
      shots: allShots(2, 1),
      training: true,
      random: createRandom(2),
    });

  it('has the published names and shapes, learns at the full rate, and starts by changing nothing', () => {
    const names = ['fg', 'bg'].flatMap((name) =>
      [0, 2, 4].flatMap((place) => [
        `cls_unit.residual_mlp_${name}.${place}.weight`,
        `cls_unit.residual_mlp_${name}.${place}.bias`,
      ]),
    );
    expect(Object.keys(fresh).sort()).toEqual(names.sort());
    expect(fresh['cls_unit.residual_mlp_fg.0.weight']!.shape).toEqual([4, 8]);
    expect(fresh['cls_unit.residual_mlp_bg.4.weight']!.shape).toEqual([4, 4]);
    expect(method.learningRateScale('cls_unit.residual_mlp_fg.0.weight')).toBe(1);
    const found = segment(method, fresh);
    expectClose(found.logits, segment(base, {}).logits, 0);
    expect(found.calibrationLoss.dataSync()[0]).toBe(0);
  });

  it('changes predictions, each class by its own network, and costs the mean squared change', () => {
    const moved = { ...fresh, 'cls_unit.residual_mlp_fg.4.bias': tf.tensor1d([1, 0, 0, 0]) };
    const found = segment(method, moved);
    const logits = segment(base, {}).logits;
    const [own, other] = [found.logits, logits].map((values) => tf.unstack(values, 3));
    expectClose(own![0]!, other![0]!, 0);
    expect(tf.max(tf.abs(tf.sub(own![1]!, other![1]!))).dataSync()[0]).toBeGreaterThan(0.1);
    expect(found.calibrationLoss.dataSync()[0]).toBeCloseTo(1 / channels, 6);
  });

  it('says what is missing', () => {
    const { 'cls_unit.residual_mlp_fg.2.bias': _bias, ...lacking } = fresh;
    expect(() => segment(method, lacking)).toThrow(WeightsError);
    expect(() => segment(method, {})).toThrow('no cls_unit.residual_mlp_bg.0.weight for prototypes of 4 channels');
    expect(japcCalibrator({ operator: 'residual-mlp' }).consensus).toBe('soft');
  });
});
