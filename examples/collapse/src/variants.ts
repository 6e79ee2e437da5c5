import type { JapcOptions } from '@fsmr/japc';

/** The forms of JAPC that are compared, in the order of the table. */
export const variants: Readonly<Record<string, JapcOptions>> = {
  'gate (`released`)': { preset: 'released' },
  'formula alone (`paper`)': { preset: 'paper' },
  'formula, similarity start': { preset: 'paper', initialisation: 'similarity' },
  'formula, residual 0.5': { preset: 'paper', residual: 0.5 },
  'similarity start, residual 0.5, mean': { comparison: 'mean' },
  'similarity start, residual 0.5, nearest (`default`)': {},
};
