import { expect, it } from 'vitest';
import { largeTiles, type MinimalFilter, smallTiles } from './minimal-filter.js';

const times = ({ data, dims }: MinimalFilter['input'], values: readonly number[]) =>
  Array.from({ length: dims[0] as number }, (_, row) =>
    values.reduce((sum, value, column) => sum + value * (data[row * (dims[1] as number) + column] as number), 0),
  );

it.each([smallTiles, largeTiles])('filters a tile of $tile x $tile pixels as the direct sum does', (filter) => {
  const { tile, places } = filter;
  const size = tile + 2;
  const pixels = Array.from({ length: places }, (_, index) => Math.sin(index * index));
  const kernel = Array.from({ length: 9 }, (_, index) => Math.cos(3 * index));
  const direct = (taps: readonly number[]) =>
    Array.from({ length: tile ** 2 }, (_, place) => {
      const corner = Math.floor(place / tile) * size + (place % tile);
      return taps.reduce(
        (sum, tap, index) => sum + tap * (pixels[corner + Math.floor(index / 3) * size + (index % 3)] as number),
        0,
      );
    });
  const filtered = (transformed: readonly number[]) =>
    times(
      filter.output,
      times(filter.input, pixels).map((value, place) => value * (transformed[place] as number)),
    );
  const close = (values: readonly number[], expected: readonly number[]) =>
    values.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] as number, 5);
    });
  close(filtered(times(filter.kernel, kernel)), direct(kernel));
  close(filtered(times(filter.flippedKernel, kernel)), direct([...kernel].reverse()));
});

it('keeps the small tiles free of rounding', () => {
  const values = new Set([...smallTiles.input.data, ...smallTiles.output.data].map((value) => Math.abs(Number(value))));
  expect(values).toEqual(new Set([0, 1]));
});
