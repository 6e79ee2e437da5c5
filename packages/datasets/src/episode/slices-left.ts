import type { Setting } from '../protocol/setting.js';
import type { ScanInfo } from '../types.js';

/** Which slices of the training scans a setting leaves, as far as the scans' sizes are known. */
export interface SlicesLeft {
  /** How many slices a scan was seen to have; undefined before it was read. */
  count(id: string): number | undefined;
  /** Notes how many slices a scan has. */
  learn(id: string, slices: number): void;
  /** Whether the setting leaves a slice out. */
  isOut(id: string, z: number): boolean;
  /** Whether every slice of every scan is left out; false while the size of a scan is not known. */
  none(): boolean;
}

/** Keeps count of the slices that a setting leaves for training. */
export function slicesLeft(scans: readonly ScanInfo[], setting: Setting | undefined): SlicesLeft {
  const counts = new Map<string, number>();
  const out = new Map(Object.entries(setting?.excludedSlices ?? {}).map(([id, slices]) => [id, new Set(slices)]));
  const isOut = (id: string, z: number): boolean => out.get(id)?.has(z) === true;
  return {
    count: (id) => counts.get(id),
    learn: (id, slices) => {
      counts.set(id, slices);
    },
    isOut,
    none: () =>
      scans.every(({ id, slices }) => {
        const count = counts.get(id) ?? slices;
        if (count === undefined) return false;
        for (let z = 0; z < count; z++) if (!isOut(id, z)) return false;
        return true;
      }),
  };
}
