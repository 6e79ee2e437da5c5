import { createHash } from 'node:crypto';
import type { RunConfig } from '../config/schema.js';

/** Everything of a configuration that shapes the weights, with keys in order. */
export function trainingIdentity({ seed, data, resize, split, model, training }: RunConfig): string {
  const { checkpointEvery: _notShaping, ...shaping } = training;
  return canonical({ seed, data, resize, split, model, training: shaping });
}

/** Twelve hexadecimal digits that name everything of a configuration that shapes a result. */
export function configHash(config: RunConfig): string {
  const { panels: _notShaping, ...evaluation } = config.evaluation;
  return shortHash(`${trainingIdentity(config)}${canonical(evaluation)}`);
}

/** How Dice is summed up: from the one support that was chosen, or many, and what undefined values do. */
export function protocolOf({ supports, nan }: RunConfig['evaluation']): { support: string | number; nan: string } {
  return { support: supports !== 'all' && supports.length === 1 ? supports[0]! : 'many', nan };
}

/** The first twelve hexadecimal digits of a text's SHA-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** JSON whose keys are sorted, so that equal values are equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
