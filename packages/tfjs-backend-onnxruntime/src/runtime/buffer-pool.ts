/**
 * Memory of freed tensors, kept for the next ones: fresh memory costs a page fault every 4 KiB, more than most
 * operations cost themselves.
 */

/** Free buffers up to a bound. */
export interface BufferPool {
  /** A buffer of at least `bytes`, with arbitrary content. */
  readonly take: (bytes: number) => ArrayBuffer;
  /** Hands a buffer back; nobody may read or write it any more. */
  readonly give: (buffer: ArrayBuffer) => void;
  /** Bytes that lie ready. */
  readonly freeBytes: () => number;
  readonly clear: () => void;
}

/** Below this, JavaScript's own allocator is quicker. */
export const pooledBytes = 16_384;

/** The size a buffer is allocated with: an eighth of a power of two, so at most an eighth is wasted. */
export function sizeClass(bytes: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

/** An empty pool that keeps at most `limit` bytes, and lets go first of sizes that were not used for longest. */
export function createBufferPool(limit: number): BufferPool {
  const free = new Map<number, ArrayBuffer[]>();
  let freeBytes = 0;
  /** The buffers of a size, which now was used last. */
  const used = (size: number): ArrayBuffer[] => {
    const list = free.get(size) ?? [];
    free.delete(size);
    free.set(size, list);
    return list;
  };
  const makeRoom = (size: number): void => {
    for (const [other, list] of free) {
      while (freeBytes + size > limit && other !== size && list.pop() !== undefined) freeBytes -= other;
      if (list.length === 0) free.delete(other);
      if (freeBytes + size <= limit) return;
    }
  };
  return {
    take(bytes) {
      const size = sizeClass(bytes);
      if (size < pooledBytes) return new ArrayBuffer(size);
      const buffer = used(size).pop();
      if (buffer === undefined) return new ArrayBuffer(size);
      freeBytes -= size;
      return buffer;
    },
    give(buffer) {
      const size = buffer.byteLength;
      if (size < pooledBytes || size > limit) return;
      if (freeBytes + size > limit) makeRoom(size);
      if (freeBytes + size > limit) return;
      used(size).push(buffer);
      freeBytes += size;
    },
    freeBytes: () => freeBytes,
    clear() {
      free.clear();
      freeBytes = 0;
    },
  };
}
