/** Values made when first asked for and kept while a budget lasts; the longest unused go first. */
export interface Recent<Value> {
  get(key: string, make: () => Promise<Value>): Promise<Value>;
}

/**
 * @param budget bytes to keep; a single value may exceed it
 * @param bytes the size of a value
 */
export function keepRecent<Value>(budget: number, bytes: (value: Value) => number): Recent<Value> {
  const kept = new Map<string, Value>();
  let held = 0;
  return {
    async get(key, make) {
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key);
        kept.set(key, known);
        return known;
      }
      const value = await make();
      if (!kept.has(key)) held += bytes(value);
      kept.set(key, value);
      for (const [oldest, dropped] of kept) {
        if (held <= budget || oldest === key) break;
        kept.delete(oldest);
        held -= bytes(dropped);
      }
      return value;
    },
  };
}
