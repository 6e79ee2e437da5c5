import { expectClose, loadNpzOracle, sharedFolder } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { formulaImages, formulaParameters } from '../network/formula.fixture.js';
import { archives, saltOf, useNativeBackend, withoutOracles } from '../network/oracle.fixture.js';
import { publishedCoarseNet } from './coarse-net.js';
import { uniformExpertise } from './expertise.js';
import { reconstructionNet } from './reconstruction-net.js';

useNativeBackend('mrnet-nets');

/** Every n-th entry of the spatial axes, and of the channels where asked. */
function every(x: tf.Tensor4D, step: number, channelStep = 1): tf.Tensor4D {
  return tf.stridedSlice(x, [0, 0, 0, 0], [...x.shape], [1, step, step, channelStep]) as tf.Tensor4D;
}

describe.skipIf(sharedFolder === undefined).each(archives('mrnet_nets'))(
  'networks of the published MRNet, %s',
  (name) => {
    if (sharedFolder === undefined) return withoutOracles();
    const oracle = loadNpzOracle(name);
    const salt = saltOf(oracle);
    const raters = oracle.names.filter((array) => /^vgg\.rater\d+_s8$/.test(array)).length;
    const classes = oracle.array('unet.logits_s4').shape[1]!;
    const images = () => formulaImages(`${salt}img`, [1, 3, 256, 256], -1, 1);
    const evaluating = { training: false };
    const expertise = () => {
      expect(oracle.constants.cond).toMatch(/^1\/\d+ for all/);
      return tf.tensor2d([[...uniformExpertise(raters)]]);
    };

    it('coarse network', () => {
      const network = publishedCoarseNet({ raters, classes });
      const parameters = formulaParameters(`${salt}unet/`, network.shapes);
      const { outputs } = network.apply(parameters, { images: images(), expertise: expertise() }, evaluating);
      expectClose(every(outputs.logits, 4), oracle.nhwc('unet.logits_s4'), 1e-4);
      expectClose(every(outputs.features, 8, 8), oracle.nhwc('unet.fea_s8'), 1e-4);
      tf.dispose(parameters);
    });

    it('reconstruction network', () => {
      const network = reconstructionNet({ raters, classes });
      const parameters = formulaParameters(`${salt}vgg/`, network.shapes);
      const coarse = formulaImages(`${salt}coarse`, [1, classes, 256, 256], -2, 2);
      const { outputs } = network.apply(parameters, { images: images(), coarse, expertise: expertise() }, evaluating);
      for (let rater = 0; rater < raters; rater++) {
        const own = tf.squeeze(tf.slice(outputs.raters, [0, 0, 0, rater, 0], [-1, -1, -1, 1, -1]), [3]) as tf.Tensor4D;
        expectClose(every(own, 8), oracle.nhwc(`vgg.rater${rater}_s8`), 1e-4);
      }
      const statistics = outputs.levels.flatMap((level) => {
        const { mean, variance } = tf.moments(level);
        return [mean.dataSync()[0]!, Math.sqrt((variance.dataSync()[0]! * level.size) / (level.size - 1))];
      });
      const expected = oracle.array('vgg.stage_stats').data;
      for (const [i, value] of statistics.entries()) expect(value / expected[i]!).toBeCloseTo(1, 3);
      tf.dispose(parameters);
    });
  },
);
