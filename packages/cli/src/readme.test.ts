import { readmeSnippet, runSnippet } from '@fsmr/testing';
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
  expect(fault).toContain('training');
});
