import * as random from '@fsmr/core/random';
import * as imaging from '@fsmr/imaging';
import { readmeSnippet, runSnippet } from '@fsmr/testing';
import { expect, it } from 'vitest';
import * as pseudoLabels from './index.js';

it('exports this and nothing else', () => {
  expect(Object.keys(pseudoLabels).sort()).toMatchInlineSnapshot(`
    [
      "applyStyle",
      "applyStyleBytes",
      "applyStyles",
      "createPseudoLabelPool",
      "describeStyle",
      "drawStyleGallery",
      "felzenszwalb2d",
      "felzenszwalb3d",
      "foregroundMask",
      "foregroundThresholds",
      "makePseudoLabelFile",
      "makePseudoLabels",
      "numberAsPublished",
      "numberConsecutively",
      "pickPseudoLabel",
      "sampleRaterStyles",
      "sampleStyle",
      "superpixels",
      "superpixelsOfVolume",
      "supervoxels",
    ]
  `);
});

it('runs the snippet the README opens with', async () => {
  const { labels, target, masks } = (await runSnippet(
    readmeSnippet(new URL('../README.md', import.meta.url)),
    { '@fsmr/core/random': random, '@fsmr/imaging': imaging, '@fsmr/pseudo-labels': pseudoLabels },
    ['labels', 'target', 'masks'],
  )) as { labels: imaging.LabelImage; target: pseudoLabels.PseudoLabel; masks: imaging.Mask2D[] };
  expect(new Set(labels.data).size).toBeGreaterThan(1);
  expect(imaging.maskArea(target.mask)).toBe(target.area);
  expect(masks).toHaveLength(3);
  expect(masks[0]).toEqual(target.mask);
});
