import { createRandom } from '@fsmr/core/random';
import { distinctColours } from '@fsmr/imaging';
import { expect, it } from 'vitest';
import { pseudoEpisodes } from '../episode/pseudo-source.js';
import { phantomDataset } from '../phantom/phantom.js';
import { episodeSheet } from './episode-sheet.js';

it('draws what training sees of an episode, and says what the raters do', async () => {
  const dataset = phantomDataset({ seed: 3, scans: 2, size: 64, slices: 2 });
  const styles = [{ operation: 'identity' }, { operation: 'dilation', radius: 1 }] as const;
  const episode = await pseudoEpisodes(dataset)({ random: createRandom('step 1'), raters: 2, styles });
  const { picture, captions } = await episodeSheet(dataset, episode, { tile: 64 });
  const { scan, slice } = episode.origin;
  expect(captions[0]).toBe(`scan ${scan}, slice ${slice}, superpixel ${episode.record.superpixel}`);
  expect(captions.slice(1).map((caption) => caption.split(':')[0])).toEqual(['rater1', 'rater2']);
  expect([picture.width, picture.height]).toEqual([4 * 64, 2 * 64]);
  const count = (column: number, row: number, colour: readonly number[]): number => {
    let found = 0;
    for (let y = row * 64; y < (row + 1) * 64; y++) {
      for (let x = column * 64; x < (column + 1) * 64; x++) {
        const at = (y * picture.width + x) * 3;
        if (colour.every((value, channel) => picture.data[at + channel] === value)) found++;
      }
    }
    return found;
  };
  // The outline of a mask has the pixels that erosion with a cross takes away.
  const edge = (mask: Uint8Array): number =>
    mask.reduce((sum, value, i) => {
      const inside = [i - 1, i + 1, i - 64, i + 64].every((other) => mask[other] === 1) && i % 64 > 0 && i % 64 < 63;
      return sum + (value === 1 && !inside ? 1 : 0);
    }, 0);
  for (const [row, sample] of [episode.support, episode.query].entries()) {
    for (const [rater, mask] of sample.masks.entries()) {
      expect(count(2 + rater, row, distinctColours[rater]!)).toBe(edge(mask));
      expect(count(1, row, distinctColours[rater]!)).toBe(0);
    }
  }
  expect(count(0, 0, [255, 255, 255])).toBeGreaterThan(10);
});
