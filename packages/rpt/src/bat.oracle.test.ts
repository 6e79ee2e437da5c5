import { createRandom, type ParameterRecord } from '@fsmr/core';
import {
  expectClose,
  formulaStream,
  loadNpzOracle,
  loadOracle,
  type Oracle,
  oracleCases,
  sharedFolder,
} from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { biasAlleviatedBlock, noDropout } from './index.js';

/** The formula weights of the manifest: matrices within sqrt(3 / inputs), gains 1 +- 0.2, the rest within 0.1. */
function formulaParameters(salt: string, shapes: Record<string, number[]>): ParameterRecord {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const next = formulaStream(salt + name);
      const between = (bound: number) => Math.fround(-bound + 2 * bound * next());
      const draw =
        shape.length === 2
          ? () => between(Math.sqrt(3 / shape[1]!))
          : name.endsWith('.weight')
            ? () => 1 + 0.2 * between(1)
            : () => between(0.1);
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [name, tf.tensor(Float32Array.from({ length: size }, draw), shape)];
    }),
  );
}

const inference = { dropout: noDropout, random: createRandom(0) };

describe.skipIf(sharedFolder === undefined)('published BaT block', () => {
  it('agrees at the full width of 512', () => {
    const oracle = loadNpzOracle('rpt_bat_full');
    tf.tidy(() => {
      const { salt, keys } = oracle.constants as { salt: string; keys: Record<string, number[]> };
      const [regions, query] = [oracle.tensor('P') as tf.Tensor2D, oracle.tensor('Q') as tf.Tensor2D];
      const context = { ...inference, parameters: formulaParameters(salt, keys) };
      expectClose(biasAlleviatedBlock(regions, query, context), oracle.tensor('out'));
    });
  });

  const cases = sharedFolder === undefined ? ['no shared folder'] : oracleCases('rpt_');
  it.each(cases)('agrees in the first iteration of %s', (name) => {
    const oracle: Oracle = loadOracle(name);
    tf.tidy(() => {
      const own = oracle.names.filter((array) => array.startsWith('w_'));
      const parameters = Object.fromEntries(own.map((array) => [array.slice(2), oracle.tensor(array)]));
      const regions = oracle.tensor('partition_prototypes') as tf.Tensor2D;
      const turned = biasAlleviatedBlock(regions, oracle.tensor('bate_in0') as tf.Tensor2D, {
        ...inference,
        parameters,
      });
      expectClose(turned, oracle.tensor('bate_out0'));
    });
  });
});
