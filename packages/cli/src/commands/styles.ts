import { resolve } from 'node:path';
import { ConfigError, createRandom, InputError } from '@fsmr/core';
import { encodePng, readMaskPng } from '@fsmr/imaging';
import { drawStyleGallery, type StylePreset, sampleStyle } from '@fsmr/pseudo-labels';
import { writeAtomically } from '../run/files.js';

/** What `fsmr styles` is asked. */
export interface StylesCommand {
  readonly mask: string;
  readonly out: string;
  readonly preset: StylePreset;
  readonly count: number;
  readonly seed: number | string;
}

/**
 * Draws what simulated raters make of a mask.
 *
 * @returns what each cell shows, row by row.
 * @throws ConfigError for a count below 1; InputError for a mask that cannot be read, or is the file to write.
 */
export async function stylesCommand({ mask, out, preset, count, seed }: StylesCommand): Promise<string> {
  if (!Number.isInteger(count) || count < 1) {
    throw new ConfigError(`--count is ${count}.`, { remedy: 'Give a whole number of at least 1.' });
  }
  if (resolve(mask) === resolve(out)) {
    throw new InputError('is the mask, and the gallery would be written over it.', {
      file: out,
      remedy: 'Choose another file for --out.',
    });
  }
  const random = createRandom(seed);
  const drawn = await readMaskPng(mask);
  const styles = Array.from({ length: count }, () => sampleStyle(random, preset));
  const { picture, captions } = drawStyleGallery(drawn, styles);
  await writeAtomically(out, encodePng(picture));
  return captions.map((caption, index) => `${index + 1}. ${caption}`).join('\n');
}
