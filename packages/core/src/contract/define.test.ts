import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../errors.js';
import { createRandom } from '../random.js';
import { definePrototypeMethod, plainMethod, stackedLogits, withCalibrator } from './define.js';
import type { PrototypeMethod } from './method.js';
import type { PrototypeCalibrator } from './prototypes.js';

/** A method as people who like classes write it, with state of its own. */
class Counting implements PrototypeMethod {
  readonly specificationVersion = 'fsmr-1';
  readonly name = 'counting';
  readonly classes = ['background', 'foreground'] as const;
  readonly maskResolution = 'features';
  readonly classWeights = [0.05, 1] as const;
  extracted = 0;
  init() {
    return {};
  }
  learningRateScale(): number {
    return 0.5;
  }
  share(): unknown {
    return undefined;
  }
  extract() {
    this.extracted++;
    return { levels: [] };
  }
  score() {
    return [];
  }
  get alignment() {
    return undefined;
  }
  decode(): tf.Tensor4D {
    return tf.zeros([1, 1, 1, 2]);
  }
}

const nothing: PrototypeCalibrator = {
  name: 'nothing',
  consensus: 'soft',
  init: () => ({}),
  calibrate: ({ raters }) => ({ raters, loss: tf.scalar(0) }),
};

describe('plainMethod', () => {
  it('gives every member of a class to the value, bound to its own state', () => {
    const counting = new Counting();
    for (const method of [plainMethod<PrototypeMethod>(counting), withCalibrator<PrototypeMethod>(counting, nothing)]) {
      const copy = { ...method };
      expect(copy.learningRateScale('x')).toBe(0.5);
      expect(copy.share({} as never)).toBeUndefined();
      copy.extract({} as never);
    }
    expect(counting.extracted).toBe(2);
    expect(withCalibrator(counting, nothing).name).toBe('counting+nothing');
  });

  it('leaves the functions of a plain value as they are', () => {
    const method = definePrototypeMethod({ name: 'm', extract: () => ({ levels: [] }), score: () => [] });
    expect(plainMethod(method)).toEqual(method);
    expect(plainMethod(method).score).toBe(method.score);
  });
});

describe('withCalibrator', () => {
  it('refuses two calibrators that want another consensus', () => {
    const method = withCalibrator(new Counting() as PrototypeMethod, nothing);
    expect(() => withCalibrator(method, { ...nothing, name: 'hard', consensus: 'majority' })).toThrow(
      'nothing takes the soft consensus and hard the majority one.',
    );
  });

  it('refuses two calibrators with parameters of one name, and frees those of both', () => {
    const scaling = (name: string, parameter: string): PrototypeCalibrator => ({
      ...nothing,
      name,
      init: () => ({ [parameter]: tf.scalar(1), [`${name}.bias`]: tf.scalar(0) }),
    });
    const init = (second: PrototypeCalibrator) =>
      withCalibrator(
        withCalibrator<PrototypeMethod>(new Counting(), scaling('first', 'gain')),
        second,
      ).calibrator!.init({ channels: [4], random: createRandom(1) });
    const before = tf.memory().numTensors;
    const fault = () => init(scaling('second', 'gain'));
    expect(fault).toThrow(ConfigError);
    expect(fault).toThrow(
      'first and second both have the parameter gain. Give the second a prefix or names of its own.',
    );
    const broken: PrototypeCalibrator = {
      ...nothing,
      init: () => {
        throw new Error('no memory');
      },
    };
    expect(() => init(broken)).toThrow('no memory');
    expect(tf.memory().numTensors).toBe(before);
    const apart = init(scaling('second', 'other.gain'));
    expect(Object.keys(apart)).toEqual(['gain', 'first.bias', 'other.gain', 'second.bias']);
    tf.dispose(Object.values(apart));
  });

  it('refuses a method of another version of the contract', () => {
    const later = Object.assign(new Counting(), { specificationVersion: 'fsmr-2' as 'fsmr-1' });
    const fault = () => withCalibrator<PrototypeMethod>(later, nothing);
    expect(fault).toThrow(ConfigError);
    expect(fault).toThrow('method counting is of version "fsmr-2" of the contract, and this library takes "fsmr-1".');
  });
});

describe('definePrototypeMethod', () => {
  it('needs to know how similarities of one class become logits', () => {
    const plain = { name: 'one', extract: () => ({ levels: [] }), score: () => [] };
    expect(() => definePrototypeMethod({ ...plain, classes: ['foreground'] })).toThrow(ConfigError);
    const decode = () => tf.zeros([1, 1, 1, 2]) as tf.Tensor4D;
    expect(definePrototypeMethod({ ...plain, classes: ['foreground'], decode }).decode).toBe(decode);
  });

  it('refuses another version of the contract', () => {
    const later = { name: 'later', specificationVersion: 'fsmr-2' as 'fsmr-1', extract: () => ({ levels: [] }) };
    expect(() => definePrototypeMethod({ ...later, score: () => [] })).toThrow('method later is of version "fsmr-2"');
  });
});

describe('stackedLogits', () => {
  it('refuses levels that it would leave out', () => {
    const map = tf.zeros([1, 2, 2]) as tf.Tensor3D;
    const ask = (similarities: Parameters<typeof stackedLogits>[0]['similarities']) =>
      stackedLogits({ similarities, size: [2, 2] });
    expect(ask({ background: [map], foreground: [map] }).shape).toEqual([1, 2, 2, 2]);
    expect(() => ask({ background: [map, map], foreground: [map, map] })).toThrow(ShapeError);
    expect(() => ask({ foreground: [map] })).toThrow('but 0 and 1 were given');
  });
});
