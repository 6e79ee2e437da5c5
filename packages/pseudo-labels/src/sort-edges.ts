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

// Radix sort from the low end, 11 bits at a time: the bits of non-negative doubles sort as the numbers do.
// Digits in which all numbers agree are skipped.
function radixOrder(keys: Float64Array): Int32Array {
  const count = keys.length;
  const words = new Uint32Array(keys.buffer, keys.byteOffset, count * 2);
  const low = lowWord();
  let order = new Int32Array(count);
  let spare = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const histogram = new Uint32Array(2048);
  for (let digit = 0; digit < 6; digit++) {
    const word = digit < 3 ? low : 1 - low;
    const shift = (digit % 3) * 11;
    histogram.fill(0);
    for (let i = 0; i < count; i++) histogram[(words[2 * i + word]! >>> shift) & 2047]!++;
    if (histogram[(words[word]! >>> shift) & 2047] === count) continue;
    for (let value = 0, start = 0; value < 2048; value++) {
      const n = histogram[value]!;
      histogram[value] = start;
      start += n;
    }
    for (let i = 0; i < count; i++) {
      const item = order[i]!;
      spare[histogram[(words[2 * item + word]! >>> shift) & 2047]!++] = item;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

// Which of a double's two 32-bit words holds the low bits on this machine.
function lowWord(): 0 | 1 {
  return new Uint32Array(Float64Array.of(1).buffer)[1] === 0 ? 1 : 0;
}
