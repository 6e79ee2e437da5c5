import * as alpnet from '@fsmr/alpnet';
import * as backbones from '@fsmr/backbones';
import * as datasets from '@fsmr/datasets';
import { startEngine } from '@fsmr/engine';
import * as japc from '@fsmr/japc';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import { expect, it, vi } from 'vitest';
import * as training from './index.js';

it('runs the snippet the README opens with', async () => {
  await startEngine({ threads: 1 });
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const modules = {
    '@fsmr/alpnet': alpnet,
    '@fsmr/backbones': backbones,
    '@fsmr/datasets': datasets,
    '@fsmr/japc': japc,
    '@fsmr/training': training,
  };
  const code = readmeSnippet(new URL('../README.md', import.meta.url));
  const { summary } = (await runSnippet(code, modules, ['summary'])) as { summary: training.ArmSummary };
  expect(Object.keys(summary.byRater)).toEqual(['generous', 'tight']);
  expect(summary.supports).toHaveLength(3);
  expect(summary.dice).toBeGreaterThan(0);
});
