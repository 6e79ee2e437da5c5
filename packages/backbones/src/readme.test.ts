import * as core from '@fsmr/core';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as backbones from './index.js';

it('runs the snippet the README opens with', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/core': core, '@fsmr/backbones': backbones, '@tensorflow/tfjs': tf };
  const { maps } = (await runSnippet(code, modules, ['maps'])) as { maps: tf.Tensor[] };
  expect(maps[0]?.shape).toEqual([1, 8, 8, 256]);
});
