import { InputError, WeightsError } from '@fsmr/core';
import { expect, it } from 'vitest';
import { withPlace } from './place.js';

it('adds what an error does not know, keeps what it knows, and its class', () => {
  const error = withPlace(new InputError('is empty.', { file: 'a.png' }), { rater: 'ann', file: 'b', remedy: 'Draw.' });
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toBe('a.png, rater ann: is empty. Draw.');
  const known = new WeightsError('is damaged.', { file: 'w', remedy: 'Fetch it.' });
  expect((withPlace(known, { remedy: 'Other.' }) as Error).message).toBe(known.message);
  const strange = new TypeError('x');
  expect(withPlace(strange, { file: 'a' })).toBe(strange);
});
