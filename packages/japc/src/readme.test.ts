import * as alpnet from '@fsmr/alpnet';
import * as core from '@fsmr/core';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as japc from './index.js';

it('runs the snippet the README opens with', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/alpnet': alpnet, '@fsmr/core': core, '@fsmr/japc': japc, '@tensorflow/tfjs': tf };
  const { answer, background } = (await runSnippet(code, modules, ['answer', 'background'])) as {
    answer: tf.Tensor;
    background: japc.CalibrationReport;
  };
  expect(answer.shape).toEqual([2, 256, 256]);
  expect(background.raterAttention).toHaveLength(2);
});
