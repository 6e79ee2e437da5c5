/**
 * The squared Euclidean distance of every cell to the nearest empty one; what lies outside the grid is not empty. In a
 * grid without empty cells, one is taken to lie just above the first cell, as scipy's transform has it.
 *
 * @param mask rows * columns cells, 0 or 1
 */
export function squaredDistances(mask: Uint8Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(mask.length);
  if (!mask.includes(0)) return result.map((_, i) => (Math.floor(i / columns) + 1) ** 2 + (i % columns) ** 2);
  const vertical = distancesInColumns(mask, rows, columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let other = 0; other < columns; other++) {
        nearest = Math.min(nearest, (column - other) ** 2 + vertical[row * columns + other]! ** 2);
      }
      result[row * columns + column] = nearest;
    }
  }
  return result;
}

function distancesInColumns(mask: Uint8Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(mask.length);
  for (let column = 0; column < columns; column++) {
    let distance = Number.POSITIVE_INFINITY;
    for (let row = 0; row < rows; row++) {
      const i = row * columns + column;
      distance = mask[i] === 0 ? 0 : distance + 1;
      result[i] = distance;
    }
    distance = Number.POSITIVE_INFINITY;
    for (let row = rows - 1; row >= 0; row--) {
      const i = row * columns + column;
      distance = mask[i] === 0 ? 0 : distance + 1;
      result[i] = Math.min(result[i]!, distance);
    }
  }
  return result;
}
