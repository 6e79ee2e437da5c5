import { createRandom } from '@fsmr/core';
import { describe, expect, it } from 'vitest';
import { datasetStatistics } from './episode/normalise.js';
import { pseudoEpisodes } from './episode/pseudo-source.js';
import { keepRecent } from './episode/recent.js';
import { inspect } from './inspect/inspect.js';
import { evaluationEpisodes } from './protocol/plan.js';
import type { Dataset } from './types.js';

describe('a data set larger than the memory it may use', () => {
  const [slices, side] = [8, 256];
  const voxels = slices * side * side;
  let peak = 0;
  // 80 scans of 2 MiB of grey values and 1 MiB of labels: 240 MiB.
  const dataset: Dataset = {
    name: 'large',
    raters: ['r1', 'r2'],
    classes: [{ id: 1, name: 'organ' }],
    modality: 'CT',
    scans: Array.from({ length: 80 }, (_unused, k) => ({ id: String(k), raters: ['r1', 'r2'], classes: [1], slices })),
    async read(id) {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
      const image = new Float32Array(voxels).fill(1);
      for (let i = 0; i < voxels; i += 97) image[i] = (i * 31 + Number(id)) % 255;
      const labels = { r1: new Uint8Array(voxels).fill(1, 0, 9000), r2: new Uint8Array(voxels).fill(1, 0, 8000) };
      return { id, size: [slices, side, side], image, labels };
    },
  };

  it('is read scan by scan: statistics, agreement, plan, episodes', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const ids = dataset.scans.map(({ id }) => id);
    const statistics = await datasetStatistics(dataset, ids);
    expect((await inspect(dataset)).classes[0]!.meanPairwiseDice).toBeCloseTo(16000 / 17000, 6);
    expect([...(await evaluationEpisodes(dataset, { supports: ['3'] }))]).toHaveLength(79);
    const source = pseudoEpisodes(dataset, { statistics, augmentation: 'none', memory: 16 * 2 ** 20 });
    for (let step = 0; step < 12; step++) {
      await source({ random: createRandom(step), raters: 1, styles: 'none' });
    }
    expect(peak - before).toBeLessThan(120 * 2 ** 20);
  });

  it('keeps no more than its budget, and the latest first', async () => {
    const recent = keepRecent<number>(10, (value) => value);
    const made: string[] = [];
    const get = (key: string, value: number) =>
      recent.get(key, async () => {
        made.push(key);
        return value;
      });
    await get('a', 4);
    await get('b', 4);
    await get('a', 4);
    await get('c', 4);
    await get('a', 4);
    await get('b', 4);
    await get('huge', 99);
    await get('huge', 99);
    expect(made).toEqual(['a', 'b', 'c', 'b', 'huge']);
  });
});
