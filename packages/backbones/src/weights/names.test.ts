import { createRandom, WeightsError } from '@fsmr/core';
import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { resnet18 } from '../deeplab.js';
import { loadParameters } from './apply.js';
import type { Weights } from './array.js';
import { asEncoderWeights } from './names.js';
import { toWeights } from './save.js';

const encoder = resnet18({ layers: 1 });
const array = { shape: [1], data: new Float32Array(1) };

/** Arrays under other names; a name that becomes undefined is left out. */
const renamed = (weights: Weights, change: (name: string) => string | undefined): Weights =>
  new Map([...weights].flatMap(([name, each]) => (change(name) === undefined ? [] : [[change(name)!, each] as const])));

const fresh = encoder.init(createRandom(3));
const own = toWeights(fresh);
tf.dispose({ ...fresh });
/** The names of torchvision's ImageNet ResNets, classifier included. */
const torchvision: Weights = new Map([
  ...renamed(own, (name) => (name.startsWith('backbone.') ? name.slice('backbone.'.length) : undefined)),
  ['fc.weight', array],
  ['fc.bias', array],
]);
const under = (prefix: string): Weights => renamed(torchvision, (name) => prefix + name);
const classifier = ['backbone.fc.bias', 'backbone.fc.weight'];
const backbone = [...own.keys()].filter((name) => name.startsWith('backbone.')).sort();

describe('asEncoderWeights', () => {
  it.each(['', 'module.', 'model.', 'encoder.', 'net.', 'module.encoder_q.', 'a.b.c.'])(
    'finds a torchvision ResNet under "%s" and leaves what lies beside it',
    (prefix) => {
      const beside: Weights = prefix === '' ? new Map() : new Map([['loss.weight', array]]);
      const weights = asEncoderWeights(new Map([...beside, ...under(prefix)]));
      expect([...weights.keys()].sort()).toEqual(backbone);
      for (const name of backbone) expect(weights.get(name)).toBe(own.get(name));
      const kept = asEncoderWeights(under(prefix), { keepClassifier: true });
      expect([...kept.keys()].sort()).toEqual([...backbone, ...classifier].sort());
    },
  );

  it.each(['model.', 'module.model.', 'my_encoder.'])(
    'takes "%s" off a ResNet named backbone and off its heads',
    (wrapper) => {
      const weights = new Map([
        ...under(`${wrapper}backbone.`),
        [`${wrapper}head.bias`, array],
        ['loss.weight', array],
      ]);
      expect([...asEncoderWeights(weights).keys()].sort()).toEqual([...backbone, ...classifier, 'head.bias'].sort());
    },
  );

  it('fills an encoder from a file of nn.DataParallel; only the head is missing', () => {
    expectNoLeak(() => {
      const { parameters, missing, surplus } = loadParameters(encoder, asEncoderWeights(under('module.')), {
        strict: false,
      });
      expect([missing, surplus]).toEqual([['localconv.weight'], []]);
      return { ...parameters };
    });
  });

  it('leaves our own encoders and whole models as they are, and takes a wrapper off both', () => {
    expect(asEncoderWeights(own)).toBe(own);
    const whole = renamed(own, (name) => `encoder.${name}`);
    expect(asEncoderWeights(whole)).toBe(whole);
    expect([...asEncoderWeights(renamed(own, (name) => `module.${name}`)).keys()]).toEqual([...own.keys()]);
    expect([...asEncoderWeights(renamed(whole, (name) => `module.${name}`)).keys()]).toEqual([...whole.keys()]);
  });

  it("takes a wrapper off torchvision's DeepLab too", () => {
    const deeplab = new Map([...own, ['classifier.0.convs.0.0.weight', array], ['aux_classifier.0.weight', array]]);
    const wrapped = renamed(deeplab, (name) => (name === 'localconv.weight' ? undefined : `module.${name}`));
    const names = [...asEncoderWeights(wrapped).keys()].sort();
    expect(names).toEqual(['aspp_out.0.convs.0.0.weight', ...backbone]);
  });

  it('asks which of several networks is meant', () => {
    const both = new Map([...under('teacher.'), ...under('student.backbone.')]);
    expect(() => asEncoderWeights(both, { file: 'dino.pth' })).toThrow(WeightsError);
    expect(() => asEncoderWeights(both, { file: 'dino.pth' })).toThrow(
      'dino.pth: the file holds 2 ResNets, under student.backbone. and teacher. ' +
        "Name one, as in asEncoderWeights(weights, { prefix: 'student.backbone.' }), or save it to a file of its own.",
    );
    const student = asEncoderWeights(both, { prefix: 'student.backbone.' });
    expect([...student.keys()].sort()).toEqual(backbone);
    expect(() => asEncoderWeights(both, { prefix: 'pupil.' })).toThrow('no array begins with pupil.');
  });

  it('leaves alone what is no whole ResNet', () => {
    for (const part of ['bn1.weight', 'layer1.0.conv1.weight', 'conv1.weight']) {
      const weights = renamed(under('net.'), (name) => (name === `net.${part}` ? undefined : name));
      expect(asEncoderWeights(weights)).toBe(weights);
    }
  });
});

describe('names that nothing matches', () => {
  it("are shown beside the encoder's", () => {
    const weights: Weights = new Map([
      ['features.0.weight', { shape: [2, 3], data: new Float32Array(6) }],
      ['features.0.bias', array],
      ['features.1.weight', array],
      ['classifier.weight', array],
    ]);
    const load = (file: Weights, prefix: string) => () => loadParameters(encoder, file, { prefix });
    expect(load(weights, 'encoder.')).toThrow(
      'the weights do not fit the model: none of its 26 arrays is there. The model has ' +
        'encoder.backbone.conv1.weight [64,3,7,7], encoder.backbone.bn1.weight [64], ' +
        'encoder.backbone.bn1.bias [64], ...; the file has features.0.weight [2,3], features.0.bias [1], ' +
        'features.1.weight [1], ... Rename the arrays, or is this the file of another model?',
    );
    expect(load(new Map(), '')).toThrow('the file has no arrays');
  });
});
