import { isRecord } from '../config/deep-merge.js';

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A configuration with a partial one laid over it: objects merge key by key, anything else replaces what was there, and
 * null takes a key away (JSON Merge Patch, RFC 7396).
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(target) ? target : {}));
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
  if (!isRecord(patch)) return patch !== undefined;
  return typeof key !== 'symbol' && Object.hasOwn(patch, key) && touches(patch[key], rest);
}
