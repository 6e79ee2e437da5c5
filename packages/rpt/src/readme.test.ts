import * as core from '@fsmr/core';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as rpt from './index.js';

it('does what the README shows', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/core': core, '@fsmr/rpt': rpt, '@tensorflow/tfjs': tf };
  const { probabilities } = (await runSnippet(code, modules, ['probabilities'])) as { probabilities: tf.Tensor4D };
  expect(probabilities.shape).toEqual([2, 64, 64, 2]);
  const [one, two] = tf.unstack(probabilities);
  expect([...one!.dataSync()]).toEqual([...two!.dataSync()]);
});
