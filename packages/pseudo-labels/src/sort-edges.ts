// Up to here the keys fit the cache as they are.
const radixLimit = 1 << 20;

/**
 * The order that sorts non-negative numbers ascending, equal ones in their old order.
 *
 * The keys of an image are sorted by the bits of their doubles. Those of a volume are first spread over buckets by
 * their size and each bucket is sorted by itself: every bucket fits the cache, which is what makes volumes quick.
 *
 * @param keys none negative (also not -0), none NaN; Infinity sorts last.
 */
export function stableOrder(keys: Float64Array): Int32Array {
  return keys.length <= radixLimit ? radixOrder(keys) : bucketOrder(keys);
}

/** As {@link stableOrder}, by buckets whatever the length. */
export function bucketOrder(keys: Float64Array): Int32Array {
  const count = keys.length;
  let greatest = 0;
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    if (key > greatest && key !== Number.POSITIVE_INFINITY) greatest = key;
  }
  const buckets = Math.min(1 << 18, 2 ** Math.ceil(Math.log2(Math.max(256, count / 8))));
  // Monotone in the key, so that buckets never have to be compared with each other. Infinity falls into the last one.
  const scale = Math.min(Number.MAX_VALUE, (buckets - 1) / greatest);
  const bucketOf = (key: number): number => (greatest === 0 ? (key === 0 ? 0 : 1) : Math.min(buckets, key * scale) | 0);
  const starts = new Int32Array(buckets + 2);
  for (let i = 0; i < count; i++) starts[bucketOf(keys[i]!) + 1]!++;
  for (let bucket = 0; bucket <= buckets; bucket++) starts[bucket + 1]! += starts[bucket]!;
  const order = new Int32Array(count);
  const next = starts.slice();
  for (let i = 0; i < count; i++) order[next[bucketOf(keys[i]!)]!++] = i;
  for (let bucket = 0; bucket <= buckets; bucket++) sortBucket(keys, order, starts[bucket]!, starts[bucket + 1]!);
  return order;
}

function sortBucket(keys: Float64Array, order: Int32Array, start: number, end: number): void {
  if (end - start < 2) return;
  if (end - start <= 32) {
    insert(keys, order, start, end);
    return;
  }
  const part = order.slice(start, end);
  const values = new Float64Array(part.length);
  let sorted = true;
  for (let i = 0; i < part.length; i++) {
    values[i] = keys[part[i]!]!;
    if (i > 0 && values[i]! < values[i - 1]!) sorted = false;
  }
  if (sorted) return;
  const local = radixOrder(values);
  for (let i = 0; i < part.length; i++) order[start + i] = part[local[i]!]!;
}

function insert(keys: Float64Array, order: Int32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const item = order[i]!;
    const key = keys[item]!;
    let j = i - 1;
    while (j >= start && keys[order[j]!]! > key) {
      order[j + 1] = order[j]!;
      j--;
    }
    order[j + 1] = item;
  }
}

// Radix sort from the low end, 11 bits at a time, of the keys rounded to single precision: the bits of non-negative
// floats sort as the numbers do, and rounding keeps their order. Keys that round to the same number are put right last.
function radixOrder(keys: Float64Array): Int32Array {
  const count = keys.length;
  const bits = new Uint32Array(new Float32Array(keys).buffer);
  const histograms = countDigits(bits);
  let order = new Int32Array(count);
  let spare = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  for (let digit = 0; digit < 3; digit++) {
    const histogram = histograms.subarray(digit * 2048, (digit + 1) * 2048);
    // A digit in which all numbers agree changes nothing.
    if (count === 0 || histogram[(bits[0]! >>> (11 * digit)) & 2047] === count) continue;
    scatter(bits, order, spare, histogram, 11 * digit);
    [order, spare] = [spare, order];
  }
  settleTies(keys, bits, order);
  return order;
}

function countDigits(bits: Uint32Array): Uint32Array {
  const histograms = new Uint32Array(3 * 2048);
  for (let i = 0; i < bits.length; i++) {
    const key = bits[i]!;
    histograms[key & 2047]!++;
    histograms[2048 + ((key >>> 11) & 2047)]!++;
    histograms[4096 + (key >>> 22)]!++;
  }
  return histograms;
}

function scatter(bits: Uint32Array, from: Int32Array, to: Int32Array, histogram: Uint32Array, shift: number): void {
  for (let value = 0, start = 0; value < 2048; value++) {
    const n = histogram[value]!;
    histogram[value] = start;
    start += n;
  }
  for (let i = 0; i < from.length; i++) {
    const item = from[i]!;
    to[histogram[(bits[item]! >>> shift) & 2047]!++] = item;
  }
}

function settleTies(keys: Float64Array, bits: Uint32Array, order: Int32Array): void {
  for (let i = 1; i < order.length; i++) {
    if (keys[order[i]!]! >= keys[order[i - 1]!]!) continue;
    const tie = bits[order[i]!]!;
    let start = i - 1;
    let end = i + 1;
    while (start > 0 && bits[order[start - 1]!] === tie) start--;
    while (end < order.length && bits[order[end]!] === tie) end++;
    order.subarray(start, end).sort((a, b) => keys[a]! - keys[b]! || a - b);
    i = end;
  }
}
