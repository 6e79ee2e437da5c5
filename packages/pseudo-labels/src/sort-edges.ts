/**
 * The order that sorts non-negative numbers ascending, equal ones in their old order.
 *
 * A radix sort on the bits of the doubles, 11 at a time from the low end: the bits of non-negative doubles sort as the
 * numbers do. Passes in which all numbers agree are skipped.
 *
 * @param keys finite, none negative (also not -0).
 */
export function stableOrder(keys: Float64Array): Int32Array {
  const count = keys.length;
  const words = new Uint32Array(keys.buffer, keys.byteOffset, count * 2);
  const [low, high] = wordOrder();
  // Six digits: bits 0-10, 11-21 and 22-31 of both words.
  const histograms = Array.from({ length: 6 }, () => new Uint32Array(2048));
  const [h0, h1, h2, h3, h4, h5] = histograms as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  for (let i = 0; i < count; i++) {
    const a = words[2 * i + low]!;
    const b = words[2 * i + high]!;
    h0[a & 2047]!++;
    h1[(a >>> 11) & 2047]!++;
    h2[a >>> 22]!++;
    h3[b & 2047]!++;
    h4[(b >>> 11) & 2047]!++;
    h5[b >>> 22]!++;
  }
  let order = new Int32Array(count);
  let spare = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  for (let digit = 0; digit < 6; digit++) {
    const histogram = histograms[digit]!;
    if (histogram.some((n) => n === count)) continue;
    let start = 0;
    for (let value = 0; value < 2048; value++) {
      const n = histogram[value]!;
      histogram[value] = start;
      start += n;
    }
    const word = digit < 3 ? low : high;
    const shift = (digit % 3) * 11;
    for (let i = 0; i < count; i++) {
      const edge = order[i]!;
      spare[histogram[(words[2 * edge + word]! >>> shift) & 2047]!++] = edge;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

// Which of a double's two 32-bit words holds the low bits on this machine.
function wordOrder(): [0 | 1, 0 | 1] {
  return new Uint32Array(Float64Array.of(1).buffer)[1] === 0 ? [1, 0] : [0, 1];
}
