import { expectClose, loadOracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { calibrationLoss, deviations, jointAttention, type Reduction, type Sigma } from './index.js';

type ClassCase = { readonly fg: number[]; readonly bg: number[] };
type Matrix = tf.Tensor2D;

const cases = oracleCases('paper_operator');
const classes = ['fg', 'bg'] as const;

describe.skipIf(cases.length === 0)("the paper's operator against its oracles", () => {
  for (const name of cases) {
    const oracle = loadOracle(name);
    const constants = oracle.constants as {
      readonly cases: Record<string, ClassCase>;
      readonly delta: Record<string, string>;
    };
    const matrix = (array: string): Matrix => oracle.tensor(array) as Matrix;
    for (const [kind, counts] of Object.entries(constants.cases)) {
      const rowByRow = /row by row/.test(constants.delta[kind] ?? constants.delta[kind.split('_')[0]!]!);
      const comparison = rowByRow ? 'one-to-one' : 'mean';
      const run = (
        sigma: Sigma,
        className: 'fg' | 'bg',
        prototypes: Matrix,
        consensus: Matrix,
        wq: Matrix,
        wk: Matrix,
      ) =>
        jointAttention({
          prototypes,
          deviations: deviations({ prototypes, consensus, counts: counts[className], comparison }),
          queryWeight: tf.transpose(wq),
          keyWeight: tf.transpose(wk),
          sigma,
        });

      for (const sigma of ['softmax', 'sigmoid'] as const) {
        for (const className of classes) {
          it(`${name}: ${kind}, ${className}, ${sigma}: deviations, scores, attention, calibrated prototypes`, () => {
            const prototypes = matrix(`${kind}_${className}_P`);
            const consensus = matrix(`${kind}_${className}_p0`);
            const found = run(sigma, className, prototypes, consensus, matrix('Wq'), matrix('Wk'));
            const delta = deviations({ prototypes, consensus, counts: counts[className], comparison });
            expectClose(delta, matrix(`${kind}_${className}_Delta`));
            expectClose(found.scores, matrix(`${kind}_${className}_S`));
            expectClose(found.attention, matrix(`${kind}_${className}_${sigma}_A`));
            expectClose(found.calibrated, matrix(`${kind}_${className}_${sigma}_Pt`));
          });
        }

        const functionals = [
          { array: 'paper', reduction: 'sum' },
          { array: 'mean', reduction: 'mean' },
          { array: 'lin', reduction: undefined },
        ] as const;
        for (const { array, reduction } of functionals) {
          it(`${name}: ${kind}, ${sigma}: ${array} loss and its gradients`, () => {
            const inputs = ['Wq', 'Wk', ...classes.flatMap((c) => [`${c}_P`, `${c}_p0`])];
            const values = inputs.map((input) => matrix(input.startsWith('W') ? input : `${kind}_${input}`));
            const total = (...tensors: tf.Tensor[]): tf.Scalar => {
              const [wq, wk] = tensors as Matrix[];
              const parts = classes.map((className, i) => {
                const [prototypes, consensus] = tensors.slice(2 + 2 * i) as Matrix[];
                const { calibrated } = run(sigma, className, prototypes!, consensus!, wq!, wk!);
                return reduction === undefined
                  ? linear(calibrated, matrix(`${kind}_${className}_G`))
                  : loss(prototypes!, calibrated, counts[className].length, reduction);
              });
              return tf.addN(parts) as tf.Scalar;
            };
            if (reduction !== undefined) {
              expectClose(total(...values), [oracle.scalar(`${kind}_${sigma}_calib_${array}`)]);
            }
            const gradients = tf.grads(total)(values);
            const expected = inputs.map((input) => matrix(`${kind}_${sigma}_d${array}_${input}`));
            // Softmax does not see one consensus vector, so that gradient is 0 but for rounding: compare with the others.
            const floor = 1e-3 * Math.max(...expected.map((gradient) => tf.max(tf.abs(gradient)).dataSync()[0]!));
            expect(floor).toBeGreaterThan(0);
            gradients.forEach((gradient, i) => {
              expectClose(gradient, expected[i]!, 1e-3, floor);
            });
          });
        }
      }
    }
  }
});

function linear(calibrated: Matrix, weights: Matrix): tf.Scalar {
  return tf.sum(tf.mul(calibrated, weights));
}

function loss(prototypes: Matrix, calibrated: Matrix, raters: number, reduction: Reduction): tf.Scalar {
  return calibrationLoss({ prototypes, calibrated, raters, reduction });
}
