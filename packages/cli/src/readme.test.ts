import * as alpnet from '@fsmr/alpnet';
import * as backbones from '@fsmr/backbones';
import * as core from '@fsmr/core';
import * as engine from '@fsmr/engine';
import * as japc from '@fsmr/japc';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it, vi } from 'vitest';
import * as cli from './index.js';

it('runs the snippet the README opens with', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const { config, fault } = (await runSnippet(code, { '@fsmr/cli': cli }, ['config', 'fault'])) as {
    config: cli.RunConfig;
    fault: string;
  };
  expect(config.training.steps).toBe(2000);
  expect(fault).toContain('stpes');
});

it('runs the snippet of the README of the whole', async () => {
  const code = readmeSnippet(new URL('../../../README.md', import.meta.url));
  const modules = {
    '@fsmr/alpnet': alpnet,
    '@fsmr/backbones': backbones,
    '@fsmr/core': core,
    '@fsmr/engine': engine,
    '@fsmr/japc': japc,
    '@tensorflow/tfjs': tf,
  };
  const { answer } = (await runSnippet(code, modules, ['answer'])) as { answer: tf.Tensor };
  expect(answer.shape).toEqual([2, 64, 64]);
});
