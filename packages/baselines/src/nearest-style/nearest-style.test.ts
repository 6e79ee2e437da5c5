import { createRandom } from '@fsmr/core';
import type { Scan } from '@fsmr/datasets';
import type { Style } from '@fsmr/pseudo-labels';
import type { Lesson, Segmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { nearestStyleSegmenter } from './segmenter.js';
import { majority, nearestStyles, styled, styleGrid } from './styles.js';

const [width, height] = [48, 40];

/** A ragged blob, so that every operation does something else. */
function blob(seed: number) {
  const random = createRandom(seed);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const distance = Math.hypot(x - 24, y - 20) + random.uniform(-1, 1);
      if (distance < 11 && distance > 1) data[y * width + x] = 1;
    }
  }
  return { width, height, data };
}

describe('the nearest style', () => {
  it('is found among all of the grid', () => {
    const consensus = blob(1);
    for (const style of styleGrid().filter((_style, index) => index % 5 === 0)) {
      const drawn = styled(consensus, style).data;
      const [found] = nearestStyles([{ consensus, raters: [drawn] }]);
      expect(found!.dice).toBe(1);
      expect(styled(consensus, found!.style).data).toEqual(drawn);
    }
  });

  it('is none where nothing fits better, and looks at all examples together', () => {
    const [one, two] = [blob(1), blob(2)];
    const both = [one, two].map((consensus) => ({ consensus, raters: [consensus.data] }));
    expect(nearestStyles(both)).toEqual([{ style: { operation: 'identity' }, dice: 1 }]);
    expect(nearestStyles([])).toEqual([]);
    expect(() => nearestStyles(both, [])).toThrow('no style to choose from');
  });

  it('takes a majority of more than half', () => {
    expect([...majority([Uint8Array.of(1, 1, 0, 0), Uint8Array.of(1, 0, 0, 1)])]).toEqual([1, 0, 0, 0]);
    expect(() => majority([])).toThrow('at least one mask');
  });
});

describe('the nearest-style control', () => {
  const truth = blob(1);
  const styles: Style[] = [
    { operation: 'dilation', radius: 2 },
    { operation: 'identity' },
    { operation: 'erosion', radius: 1 },
  ];
  const scan: Scan = {
    id: 's',
    size: [1, height, width],
    image: new Float32Array(width * height),
    labels: Object.fromEntries(styles.map((style, index) => [`r${index}`, styled(truth, style).data])),
  };
  const lesson: Lesson = {
    scan,
    slices: [0],
    classId: 1,
    className: 'organ',
    raters: ['r0', 'r1', 'r2'],
    seed: 1,
  };
  const answer = blob(7);
  let disposed = 0;
  const consensus: Segmenter = {
    name: 'stub',
    learn: async () => ({
      segment: () => tf.tidy(() => tf.tile(tf.tensor3d(Float32Array.from(answer.data), [1, height, width]), [3, 1, 1])),
      dispose: () => disposed++,
    }),
    dispose: () => disposed++,
  };

  it('applies each rater’s style to the one answer', async () => {
    const segmenter = nearestStyleSegmenter(consensus);
    expect(segmenter.name).toBe('stub+nearest style');
    const learned = await segmenter.learn(lesson);
    const before = tf.memory().numTensors;
    const masks = learned.segment(scan, 0, 0);
    expect(masks.shape).toEqual([3, height, width]);
    const expected = styles.map((style) => Array.from(styled(answer, style).data));
    expect(Array.from(masks.dataSync())).toEqual(expected.flat());
    masks.dispose();
    expect(tf.memory().numTensors).toBe(before);
    learned.dispose();
    segmenter.dispose();
    expect(disposed).toBe(2);
  });
});
