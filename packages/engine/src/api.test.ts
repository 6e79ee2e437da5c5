import { readmeSnippet, runSnippet } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import * as engine from './index.js';

it('exports exactly this', () => {
  expect(Object.keys(engine).sort()).toMatchInlineSnapshot(`
    [
      "describeDiagnosis",
      "doctor",
      "startEngine",
      "startFirst",
      "tryToStart",
    ]
  `);
});

it('does what the README shows', async () => {
  const snippet = readmeSnippet(new URL('../README.md', import.meta.url));
  const found = await runSnippet(snippet, { '@fsmr/engine': engine, '@tensorflow/tfjs': tf }, ['backend', 'product']);
  expect(found).toMatchObject({ backend: expect.any(String) });
  expect((found as { product: tf.Tensor }).product.shape).toEqual([1024, 1024]);
});
