import * as core from '@fsmr/core';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as datasets from './index.js';

it('runs the snippet the README opens with', async () => {
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const modules = { '@fsmr/core': core, '@fsmr/datasets': datasets };
  const { report, episode, pairs } = (await runSnippet(code, modules, ['report', 'episode', 'pairs'])) as {
    report: datasets.DatasetReport;
    episode: core.Episode;
    pairs: { raters: string[] }[];
  };
  expect(report).toMatchObject({ scans: 4, faults: [] });
  expect(episode.raters).toHaveLength(4);
  expect(episode.query.image.shape).toEqual([64, 64, 3]);
  expect(pairs).toHaveLength(12);
  expect(pairs[0]!.raters).toEqual(['generous', 'tight', 'smooth', 'biased']);
  tf.dispose(episode as never);
});
