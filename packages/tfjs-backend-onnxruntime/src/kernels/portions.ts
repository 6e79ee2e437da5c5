/**
 * How long arrays are divided where several operations over them are one native call: what lies between the operations of a
 * portion stays in the caches, and the helper thread, which sleeps between calls, is woken once instead of once an operation.
 */

/**
 * Elements of a portion at least, for each thread: operations then take many times the 7 to 10 µs that dividing them
 * between threads costs. Batch normalisation keeps memory for what it computes on the way, so larger portions cost memory.
 */
const portionElements = 262_144;
/** Portions of one native call at most. */
export const mostPortions = 32;

/**
 * Where portions of `items` items start, and after the last one `items`. Their number is a power of two, because every
 * number of a program's portions is compiled for itself.
 *
 * @param fewest items of a portion: as many as threads where an operation divides nothing but items between them.
 */
export function portionBounds(items: number, elements: number, threads: number, fewest = 1): number[] {
  const most = Math.min(items / fewest, elements / (portionElements * threads), mostPortions);
  let count = 1;
  while (2 * count <= most) count *= 2;
  return Array.from({ length: count + 1 }, (_, index) => Math.floor((items * index) / count));
}
