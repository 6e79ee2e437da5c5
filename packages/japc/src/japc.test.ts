import { alpnet } from '@fsmr/alpnet';
import { ConfigError, createRandom, type PrototypeMethod } from '@fsmr/core';
import { dspnet } from '@fsmr/dspnet';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attentionPrefix, type JapcOptions, japc, japcCalibrator, residualMlpPrefix } from './index.js';

/** Names of fresh parameters of a calibrator alone. */
function namesOf(options: JapcOptions, channels: readonly number[]): string[] {
  const record = japcCalibrator(options).init({ channels, random: createRandom(1) });
  tf.dispose(Object.values(record));
  return Object.keys(record);
}

describe('learning rates', () => {
  const withPrefix = (options: JapcOptions, prefix: string | undefined): JapcOptions =>
    prefix === undefined ? options : { ...options, prefix };
  /** A method all of whose parameters creep. */
  const creeping = { ...alpnet(), learningRateScale: () => 0.125 } as PrototypeMethod;
  const prefixes = [undefined, '', 'cls_unit.', 'second.'];
  const kinds: readonly JapcOptions[] = [
    {},
    { preset: 'paper' },
    { preset: 'released' },
    { bias: true },
    { projections: 'separate', bias: true },
    { operator: 'residual-mlp' },
  ];

  it.each(prefixes)('are full for all that the calibrator has under the prefix %j, at every level', (prefix) => {
    for (const kind of kinds) {
      const options = withPrefix(kind, prefix);
      const names = namesOf(options, [6, 4]);
      expect(names.length).toBeGreaterThan(3);
      const { learningRateScale } = japc(creeping, options);
      expect(names.map((name) => learningRateScale(name))).toEqual(names.map(() => 1));
    }
  });

  it.each(prefixes)('are those of the method for everything else, with the prefix %j', (prefix) => {
    for (const kind of kinds) {
      const { learningRateScale } = japc(dspnet(), withPrefix(kind, prefix));
      expect(learningRateScale('cls_unit.cal')).toBe(1e-4);
      const own = prefix ?? (kind.operator === 'residual-mlp' ? residualMlpPrefix : attentionPrefix);
      for (const other of ['cal', 'v.weight', 'q.weights', 'aq.weight', 'again', 'gain.weight', 'fg.1.weight']) {
        expect(japc(creeping, withPrefix(kind, prefix)).learningRateScale(`${own}${other}`)).toBe(0.125);
      }
    }
  });

  it('are full for both of two calibrators', () => {
    const { learningRateScale } = japc(japc(creeping), { prefix: 'second.' });
    const names = [`${attentionPrefix}q.weight`, 'second.k.weight', 'second.cal'];
    expect(names.map((name) => learningRateScale(name))).toEqual([1, 1, 0.125]);
  });
});

describe('japc around japc', () => {
  const inputs = () => ({ channels: [6], random: createRandom(1) });

  it('needs a prefix of its own, and leaves nothing behind where it has none', () => {
    const before = tf.memory().numTensors;
    const fault = () => japc(japc(alpnet())).calibrator!.init(inputs());
    expect(fault).toThrow(ConfigError);
    expect(fault).toThrow('japc and japc both have the parameter cls_unit.proto_attention.q.weight. Give the second');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the parameters of both with one', () => {
    const record = japc(japc(alpnet()), { prefix: 'second.' }).calibrator!.init(inputs());
    expect(Object.keys(record).sort()).toEqual(
      [attentionPrefix, 'second.'].flatMap((prefix) => ['gain', 'k.weight', 'q.weight'].map((name) => prefix + name)),
    );
    tf.dispose(Object.values(record));
  });

  it('refuses a method of another version of the contract', () => {
    const later = { ...alpnet(), specificationVersion: 'fsmr-2' as 'fsmr-1' };
    expect(() => japc(later)).toThrow('method alpnet is of version "fsmr-2" of the contract');
  });
});
