/** A mask as bits, 32 pixels a word, for counting many pairs; any value but 0 is foreground. */
export function packBits(mask: ArrayLike<number>): Uint32Array {
  const words = new Uint32Array(Math.ceil(mask.length / 32));
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) words[i >> 5]! |= 1 << (i & 31);
  }
  return words;
}

/** How many bits two masks share and how many at least one has. */
export function overlap(a: Uint32Array, b: Uint32Array): { shared: number; either: number } {
  let shared = 0;
  let either = 0;
  for (let i = 0; i < a.length; i++) {
    shared += countBits(a[i]! & b[i]!);
    either += countBits(a[i]! | b[i]!);
  }
  return { shared, either };
}

/** The number of ones of a 32-bit word, added up pairwise. */
function countBits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
