/**
 * Felzenszwalb's superpixels on slices of 256 x 256, ours and scikit-image's in turn in one run:
 *   node src/superpixels.mjs [--images 40] [--starts 7] [--python /usr/bin/python3]
 *
 * Prints medians in milliseconds as JSON: cold, the first cut of a new process, over `starts` processes each; warm, over
 * all images once ten have been cut; and how many images both cut into the same regions.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';
import { start } from './protocol.mjs';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '40' },
    starts: { type: 'string', default: '7' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'bench-superpixels-'));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const images = Number(values.images);
const env = { OMP_NUM_THREADS: '1' };

try {
  const program = await bundle('superpixels');
  const begin = async () => {
    const ours = start(process.execPath, [program, folder], env);
    await ours.ready();
    const skimage = start(values.python, [fileURLToPath(new URL('superpixels.py', import.meta.url)), folder], env);
    await skimage.ready();
    return { ours, skimage };
  };
  // In a process of its own, so that no measured one is warm from drawing.
  const artist = start(process.execPath, [program, folder], env);
  await artist.ready();
  await artist.ask(`make ${images}`);
  await artist.stop();
  const times = { cold: { ours: [], skimage: [] }, warm: { ours: [], skimage: [] } };
  let same = 0;
  let regions = 0;
  const cut = async (pair, k, into) => {
    for (const [name, program] of Object.entries(pair)) {
      const answer = await program.ask(`cut ${k}`);
      into?.[name].push(answer);
      if (into === times.warm && name === 'skimage') {
        same += Number(answer.equal);
        regions += answer.regions;
      }
    }
  };
  for (let round = 0; round < Number(values.starts); round++) {
    const pair = await begin();
    await cut(pair, round % images, times.cold);
    if (round + 1 === Number(values.starts)) {
      for (let k = 0; k < Math.min(10, images); k++) await cut(pair, k);
      for (let k = 0; k < images; k++) await cut(pair, k, times.warm);
    }
    await Promise.all([pair.ours.stop(), pair.skimage.stop()]);
  }
  const summary = ({ ours, skimage }) => {
    const compared = (key) => {
      const [a, b] = [ours, skimage].map((answers) => median(answers.map((answer) => answer[key])));
      return { ours: Number(a.toFixed(1)), skimage: Number(b.toFixed(1)), ratio: Number((a / b).toFixed(2)) };
    };
    return { milliseconds: compared('milliseconds'), cpuMilliseconds: compared('cpuMilliseconds') };
  };
  console.log(
    JSON.stringify(
      {
        machine: cpus()[0]?.model,
        load: Number(loadavg()[0].toFixed(1)),
        cold: summary(times.cold),
        warm: summary(times.warm),
        samePartition: `${same} of ${images}`,
        meanRegions: Math.round(regions / images),
      },
      null,
      2,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
