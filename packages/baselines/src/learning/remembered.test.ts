import type { Scan } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rememberMasks } from './remembered.js';

const scan = (id: string): Scan => ({ id, size: [9, 3, 5], image: new Float32Array(135), labels: {} });

it('gives any masks of any number of raters back as they were, computed once', () => {
  const shapes = fc.tuple(
    fc.integer({ min: 1, max: 17 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 5 }),
  );
  const cases = shapes.chain((shape) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return fc.tuple(fc.constant(shape), fc.array(fc.constantFrom(0, 1), { minLength: length, maxLength: length }));
  });
  const before = tf.memory().numTensors;
  fc.assert(
    fc.property(cases, ([shape, values]) => {
      const masks = rememberMasks();
      let asked = 0;
      const segment = (): tf.Tensor3D => {
        asked++;
        return tf.tensor3d(values, shape, 'float32');
      };
      for (const _ of [1, 2, 3]) {
        const found = masks.of(scan('a'), 2, segment);
        expect([found.shape, found.dtype, [...found.dataSync()]]).toEqual([shape, 'float32', values]);
        found.dispose();
      }
      expect(asked).toBe(1);
    }),
    { numRuns: 50 },
  );
  expect(tf.memory().numTensors).toBe(before);
});

it('tells scans, slices and sizes apart, and remembers the first that fit its budget', () => {
  const asked: string[] = [];
  // Fifteen bytes a slice.
  const masks = rememberMasks(45);
  const ask = (own: Scan, slice: number): void => {
    masks
      .of(own, slice, () => {
        asked.push(`${own.id} ${slice}`);
        return tf.zeros([2, 3, 5]);
      })
      .dispose();
  };
  for (const _ of [1, 2]) {
    ask(scan('a'), 0);
    ask(scan('a'), 1);
    ask({ ...scan('a'), size: [1, 3, 5] }, 0);
    ask(scan('b'), 0);
  }
  expect(asked).toEqual(['a 0', 'a 1', 'a 0', 'b 0', 'b 0']);
});
