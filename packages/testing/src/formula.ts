/** Numbers in [0, 1) of the mulberry32 generator seeded with the FNV-1a hash of a text, as the oracles' manifest has them. */
export function formulaStream(text: string): () => number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  let a = hash >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Values of the manifest's formula in [low, high), in the file's own layout. */
export function formulaValues(text: string, shape: readonly number[], low: number, high: number): Float32Array {
  const next = formulaStream(text);
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * next();
  return values;
}
