/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A configuration with a partial one laid over it: objects merge key by key, anything else replaces what was there, and
 * null takes a key away (JSON Merge Patch, RFC 7396).
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** A value under a dotted key: `training.steps` and 100 give `{ training: { steps: 100 } }`. */
export function underKey(key: string, value: unknown): JsonObject {
  return key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as JsonObject;
}

/** Whether a partial configuration says anything at a path or below it. */
export function touches(patch: unknown, path: readonly PropertyKey[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (!isObject(patch)) return patch !== undefined;
  return typeof key !== 'symbol' && Object.hasOwn(patch, key) && touches(patch[key], rest);
}
