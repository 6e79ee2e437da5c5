/**
 * Preparing scans as CURVAS has them, ours and a Python program with nibabel, scipy and scikit-image in turn, each held
 * to the same processors:
 *   node src/prepare-scans.mjs [--scans 4] [--distinct 4] [--slices 150] [--repeats 3] [--plain] [--cpus 0]
 *     [--workers 0] [--raw folder] [--python /usr/bin/python3]
 *
 * Makes the raw scans first (65 for the whole set; all but `distinct` are hard links), unless --raw names a folder that
 * has them. Prints medians as JSON: seconds from start to end, processor seconds, peak resident memory, and how far
 * the files of both differ.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';

const { values } = parseArgs({
  options: {
    scans: { type: 'string', default: '4' },
    distinct: { type: 'string', default: '4' },
    slices: { type: 'string', default: '150' },
    repeats: { type: 'string', default: '3' },
    plain: { type: 'boolean', default: false },
    cpus: { type: 'string', default: '0' },
    workers: { type: 'string', default: '0' },
    raw: { type: 'string' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
});
const beside = (file) => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-prepare-'));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const round = (value, digits = 1) => Number(value.toFixed(digits));
// Numerical libraries would otherwise start a thread for each processor.
const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

function run(command, args) {
  const start = performance.now();
  const { status, stdout } = spawnSync(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}.`);
  return { seconds: (performance.now() - start) / 1000, ...JSON.parse(stdout || '{}') };
}

try {
  const raw = values.raw ?? join(folder, 'raw');
  if (!existsSync(raw)) {
    mkdirSync(raw, { recursive: true });
    const distinct = String(Math.min(Number(values.distinct), Number(values.scans)));
    run(values.python, [beside('prepare-scans-make.py'), raw, values.scans, distinct, values.slices]);
  }
  const mode = values.plain ? 'plain' : 'superpixels';
  const ours = await bundle('prepare-scans');
  await bundle(
    'worker',
    fileURLToPath(import.meta.resolve('@fsmr/pseudo-labels/package.json')).replace('package.json', 'src/worker.ts'),
  );
  const programs = {
    ours: (out) => [process.execPath, ours, raw, out, mode, values.workers],
    python: (out) => [values.python, beside('prepare-scans.py'), raw, out, mode],
  };
  const times = { ours: [], python: [] };
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    for (const [name, command] of Object.entries(programs)) {
      rmSync(join(folder, name), { recursive: true, force: true });
      const result = run('taskset', ['-c', values.cpus, ...command(join(folder, name))]);
      times[name].push(result);
      console.error(name, JSON.stringify(result));
    }
  }
  const summary = (name) =>
    Object.fromEntries(
      ['seconds', 'cpuSeconds', 'peakMiB'].map((key) => [key, round(median(times[name].map((one) => one[key])))]),
    );
  const report = { ours: summary('ours'), python: summary('python') };
  const ratio = (key) => round(report.ours[key] / report.python[key], 2);
  const scans = readdirSync(raw).length;
  const compared = Array.from({ length: Math.min(scans, Number(values.distinct)) }, (_unused, k) => String(k));
  const difference = run(values.python, [
    beside('prepare-scans-compare.py'),
    join(folder, 'ours'),
    join(folder, 'python'),
    ...compared,
  ]);
  delete difference.seconds;
  console.log(
    JSON.stringify(
      {
        machine: cpus()[0]?.model,
        ...{ scans, mode, cpus: values.cpus, workers: Number(values.workers), repeats: Number(values.repeats) },
        load: round(loadavg()[0]),
        ...report,
        ratio: { seconds: ratio('seconds'), cpuSeconds: ratio('cpuSeconds'), peakMiB: ratio('peakMiB') },
        difference,
      },
      null,
      2,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
