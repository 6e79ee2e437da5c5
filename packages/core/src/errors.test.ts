import { describe, expect, it } from 'vitest';
import { FsmrError, InputError, isFsmrError, packError, ShapeError, unpackError } from './errors.js';

describe('FsmrError', () => {
  it('says file, rater, fault and remedy in one line', () => {
    const error = new InputError('the mask is empty.', { file: 'a/raterB.png', rater: 'raterB', remedy: 'Draw it.' });
    expect(error.message).toBe('a/raterB.png, rater raterB: the mask is empty. Draw it.');
    expect(error).toMatchObject({ code: 'input', file: 'a/raterB.png', rater: 'raterB', remedy: 'Draw it.' });
    expect(error).toBeInstanceOf(FsmrError);
    expect(error.name).toBe('InputError');
  });

  it('is recognised by its mark, also from another copy of the package', () => {
    expect(isFsmrError(new ShapeError('2 x 3'))).toBe(true);
    expect(isFsmrError({ [Symbol.for('fsmr.error')]: true })).toBe(true);
    expect(isFsmrError(new Error('plain'))).toBe(false);
    expect(isFsmrError(null)).toBe(false);
  });

  it('keeps the error underneath', () => {
    const cause = new Error('disk');
    expect(new FsmrError('input', 'cannot be read.', { cause }).cause).toBe(cause);
  });

  it('crosses threads as plain data, and comes back of its own kind', () => {
    for (const details of [{}, { file: 'a.png', rater: 'anna', remedy: 'Draw it.' }, { rater: 'ben' }]) {
      const error = new InputError('the mask is empty.', details);
      const back = unpackError(structuredClone(packError(error)));
      expect(back).toBeInstanceOf(InputError);
      expect(back).toMatchObject({ message: error.message, code: 'input', ...details });
    }
    const plain = unpackError(packError(new TypeError('no such method')));
    expect(plain.message).toContain('TypeError: no such method');
    expect(isFsmrError(plain)).toBe(false);
    expect(unpackError(packError('text')).message).toBe('text');
  });
});
