import * as backbones from '@fsmr/backbones';
import * as datasets from '@fsmr/datasets';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import type * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as baselines from './index.js';
import { useNativeBackend } from './network/oracle.fixture.js';

useNativeBackend('baselines-readme');

it('runs the snippet the README opens with', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/backbones': backbones, '@fsmr/baselines': baselines, '@fsmr/datasets': datasets };
  const { masks } = (await runSnippet(code, modules, ['masks'])) as { masks: tf.Tensor };
  expect(masks.shape).toEqual([2, 64, 64]);
});
