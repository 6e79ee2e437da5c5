import { fileURLToPath } from 'node:url';
import * as core from '@fsmr/core';
import * as errors from '@fsmr/core/errors';
import * as random from '@fsmr/core/random';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it.each(['pseudo-labels', 'imaging', 'metrics'])('@fsmr/%s loads nothing of TensorFlow.js', async (name) => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../../${name}/src/index.ts`, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@fsmr/source'],
    external: ['@tensorflow/*'],
    logLevel: 'error',
  });
  const loaded = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(loaded.some((path) => path.endsWith('errors.ts'))).toBe(true);
  expect(loaded.filter((path) => path.startsWith('@tensorflow'))).toEqual([]);
});

it('errors and random numbers are those of the main entry', () => {
  expect(core).toMatchObject({ ...errors, ...random });
});
