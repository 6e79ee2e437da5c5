/**
 * What an evaluation costs: against the number of scans, and with 1 and 2 worker processes of the command.
 * `node src/evaluation.mjs [scans...]`, 17 33 65 unless given; the last one also runs in workers.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [17, 33, 65];
const rows = (head, lines) => [head, head.map(() => '---:'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
const load = () => loadavg()[0].toFixed(1);

/** Seconds of processor time of all children that ended, where the system tells. */
function childrenSeconds() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** Runs the command and says what it took. */
function timed(program, ...words) {
  const [start, cpu] = [performance.now(), childrenSeconds()];
  execFileSync(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'ignore'] });
  return { seconds: (performance.now() - start) / 1000, cpu: childrenSeconds() - cpu };
}

console.log(`Load at the start: ${load()}\n`);
const head = [
  'scans',
  'episodes',
  'wall (s)',
  'processor (s)',
  'processor an episode (ms)',
  'encodings',
  'wall an encoding (ms)',
  'load',
];
const library = await bundle('evaluation');
console.log(rows(head, []).join('\n'));
for (const size of sizes) {
  const line = execFileSync(process.execPath, [library, String(size)], { encoding: 'utf8' })
    .split('\n')
    .find((text) => text.startsWith('{'));
  const { scans, episodes, seconds, cpu, encodings } = JSON.parse(line);
  const each = (1000 * encodings.seconds) / encodings.calls;
  const cells = [scans, episodes, seconds.toFixed(1), cpu.toFixed(1), ((1000 * cpu) / episodes).toFixed(2)];
  console.log(`| ${[...cells, encodings.calls, each.toFixed(1), load()].join(' | ')} |`);
}
console.log();

const folder = mkdtempSync(join(tmpdir(), 'fsmr-bench-'));
try {
  const source = (name) => fileURLToPath(new URL(`../../packages/cli/src/${name}.ts`, import.meta.url));
  const program = await bundle('fsmr', source('main'));
  await bundle('evaluation-worker', source('evaluation-worker'));
  const scans = sizes.at(-1);
  const config = join(folder, 'run.json');
  writeFileSync(
    config,
    JSON.stringify({
      data: { kind: 'phantom', scans, size: 64, raters: 3 },
      split: { evaluation: 1 },
      model: { methodOptions: { protoGridSize: 2 } },
      training: { steps: 2, superpixelArea: 40 },
      evaluation: { arms: ['japc'], panels: 0 },
      engine: { threads: 1 },
    }),
  );
  const run = join(folder, 'trained');
  timed(program, 'train', '--config', config, '--out', run);
  const workers = [1, 2].map((count) => {
    const out = join(folder, `workers${count}`);
    cpSync(run, out, { recursive: true });
    const evaluate = () => timed(program, 'evaluate', '--run', out, '--workers', String(count));
    const [whole, again] = [evaluate(), evaluate()];
    const episodes = 3 * scans * (scans - 1);
    const wall = whole.seconds - again.seconds;
    return [
      count,
      episodes,
      whole.seconds.toFixed(1),
      whole.cpu.toFixed(1),
      again.seconds.toFixed(1),
      ((1000 * wall) / episodes).toFixed(2),
      load(),
    ];
  });
  const title = [
    'workers',
    'episodes',
    'wall (s)',
    'processor (s)',
    'wall of a second visit, start and tables alone (s)',
    'wall an episode without that (ms)',
    'load',
  ];
  console.log(rows(title, workers).join('\n'));
} finally {
  rmSync(folder, { recursive: true });
}
