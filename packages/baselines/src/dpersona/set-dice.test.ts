import { energyDistance, softConsensus, thresholdedDice } from '@fsmr/metrics';
import { expectClose, formulaValues, loadNpzOracle, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { archives, saltOf, withoutOracles } from '../network/oracle.fixture.js';
import { setDice } from './set-dice.js';

describe('Dice of sets', () => {
  it('pairs each prediction with one truth', () => {
    const [a, b, none] = [Uint8Array.of(1, 1, 0, 0), Uint8Array.of(0, 0, 1, 1), new Uint8Array(4)];
    expect(setDice([a, b, none], [b, a, none])).toEqual({ best: 1, reverse: 1, matched: 1, each: [0, 0, 1] });
    expect(() => setDice([a], [a, b])).toThrow('1 predictions cannot be paired with 2 truths');
  });
});

describe.skipIf(sharedFolder === undefined).each(archives('dpersona'))(
  'metrics of the published D-Persona, %s',
  (name) => {
    if (sharedFolder === undefined) return withoutOracles();
    const oracle = loadNpzOracle(name);
    const { R, n } = oracle.constants as { R: number; n: number };
    const batch = oracle.array('prior.mu').shape[0]!;
    // The metrics are those of the first image.
    const first = (text: string, low: number, high: number) => {
      const all = formulaValues(saltOf(oracle) + text, [batch, R, n, n], low, high);
      return Array.from({ length: R }, (_, rater) => all.subarray(rater * n * n, (rater + 1) * n * n));
    };
    const probabilities = first('dp_p', -2, 2).map((logits) => logits.map((x) => 1 / (1 + Math.exp(-x))));
    const predictions = probabilities.map((map) => Uint8Array.from(map, (p) => (p > 0.5 ? 1 : 0)));
    const truths = first('dp_seg', 0, 1).map((map) => Uint8Array.from(map, (value) => (value > 0.5 ? 1 : 0)));

    it('Dice of sets', () => {
      const found = setDice(predictions, truths);
      expect(found.best).toBeCloseTo(oracle.scalar('metric.dice_max'), 6);
      expect(found.reverse).toBeCloseTo(oracle.scalar('metric.dice_max_rev'), 6);
      expect(found.matched).toBeCloseTo(oracle.scalar('metric.dice_match'), 6);
      expectClose([...found.each], oracle.array('metric.dice_each').data, 1e-6);
    });

    it('energy distance and soft Dice of @fsmr/metrics', () => {
      expect(energyDistance(predictions, truths).squared).toBeCloseTo(oracle.scalar('metric.ged'), 10);
      const mean = Float64Array.from({ length: n * n }, (_, i) =>
        probabilities.reduce((sum, map) => sum + map[i]! / R, 0),
      );
      // Strictly above these thresholds.
      const thresholds = [0.1, 0.3, 0.5, 0.7, 0.9].map((threshold) => threshold + 1e-9);
      expect(thresholdedDice(mean, softConsensus(truths), thresholds)).toBeCloseTo(
        oracle.scalar('metric.dice_soft'),
        6,
      );
    });
  },
);
