import * as core from '@fsmr/core';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as dspnet from './index.js';

it('runs the snippet the README opens with', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/core': core, '@fsmr/dspnet': dspnet, '@tensorflow/tfjs': tf };
  const { answer } = (await runSnippet(code, modules, ['answer'])) as { answer: tf.Tensor };
  expect(answer.shape).toEqual([2, 256, 256]);
});
