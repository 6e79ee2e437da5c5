import { renderCsv } from '@fsmr/metrics';
import type { Scores } from './scores.js';
import { numberTable } from './tables.js';

const columns = ['dataset', 'setting', 'method', 'variant', 'arm', 'seed', 'class', 'rater', 'support', 'dice'];

/**
 * Every Dice value the tables are means of: one line for each seed, arm, class, rater and support, as fractions with all
 * their digits, NaN where nothing was predicted and nothing is true.
 */
export function longCsv(scores: readonly Scores[]): string {
  const rows = scores.flatMap(({ experiment, arm, repeats }) =>
    repeats.flatMap(({ name, summary }) =>
      summary.supports.flatMap((support) =>
        Object.entries(support.byRater).map(([rater, dice]) => [
          experiment.dataset,
          experiment.setting,
          experiment.method,
          experiment.variant,
          arm,
          name,
          support.class,
          rater,
          support.support,
          String(dice),
        ]),
      ),
    ),
  );
  return renderCsv(numberTable(columns, rows));
}
