/**
 * Our program and PyTorch in turn in one run, same weights, outputs compared:
 *
 *     node src/run.mjs [--depths 101,50,18] [--repeats 5] [--threads 2] [--size 256] [--growth 0] [--python /usr/bin/python3]
 *
 * Prints medians and ratios as JSON. `--growth N` also runs N steps of the smallest network and reports resident memory
 * at step 50 and at the end. PyTorch is any interpreter that can import torch.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';
import { start } from './protocol.mjs';

const { values } = parseArgs({
  options: {
    depths: { type: 'string', default: '101,50,18' },
    repeats: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    size: { type: 'string', default: '256' },
    growth: { type: 'string', default: '0' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
});
const depths = values.depths.split(',');
const repeats = Number(values.repeats);
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const round = (value, digits = 0) => Number(value.toFixed(digits));
const env = { BENCH_THREADS: values.threads, OMP_NUM_THREADS: values.threads };

/** Rounds before the measured ones: both programs are still compiling, or taking memory, in their second. */
const warmingRounds = 3;

/** Both programs do `command` in turn; the first round compares results. */
async function inTurn(ours, torch, command, compare) {
  await ours.ask(`${command} ${compare}`);
  const { difference, ...first } = await torch.ask(`${command} ${compare}`);
  const times = { ours: [], torch: [] };
  const cpu = { ours: [], torch: [] };
  for (let turn = 1; turn < warmingRounds + repeats; turn++) {
    for (const [name, program] of Object.entries({ ours, torch })) {
      const { milliseconds, cpuMilliseconds } = await program.ask(command);
      if (turn < warmingRounds) continue;
      times[name].push(milliseconds);
      cpu[name].push(cpuMilliseconds);
    }
  }
  return {
    ours: round(median(times.ours)),
    torch: round(median(times.torch)),
    ratio: round(median(times.ours) / median(times.torch), 2),
    cpuRatio: round(median(cpu.ours) / median(cpu.torch), 2),
    difference: Number(difference.toExponential(1)),
    ...(first.loss !== undefined && { loss: first.loss }),
  };
}

try {
  const programs = { prepare: await bundle('prepare'), ours: await bundle('ours'), startup: await bundle('startup') };
  const needed = [...new Set([...depths, '50'])];
  spawnSync(process.execPath, [programs.prepare, folder, values.size, ...needed], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pair = async (depth, size = values.size) => {
    const ours = start(process.execPath, [programs.ours, depth, folder, size], env);
    const torch = start(
      values.python,
      [fileURLToPath(new URL('reference.py', import.meta.url)), depth, folder, size],
      env,
    );
    await Promise.all([ours.ready(), torch.ready()]);
    return { ours, torch };
  };
  const report = { machine: cpus()[0]?.model, threads: Number(values.threads), repeats, load: round(loadavg()[0], 1) };
  for (const depth of depths) {
    const evaluation = await pair(depth);
    const evalResult = await inTurn(evaluation.ours, evaluation.torch, 'eval', 'features.f32');
    await Promise.all([evaluation.ours.stop(), evaluation.torch.stop()]);
    const training = await pair(depth);
    const stepResult = await inTurn(training.ours, training.torch, 'step', 'backbone.layer3.0.conv2.weight');
    const [a, b] = [await training.ours.ask('step'), await training.torch.ask('step')];
    const peak = { ours: round(a.peakMiB), torch: round(b.peakMiB), ratio: round(a.peakMiB / b.peakMiB, 2) };
    await Promise.all([training.ours.stop(), training.torch.stop()]);
    report[`ResNet-${depth}`] = { eval: evalResult, step: stepResult, peakMiB: peak };
    console.error(`ResNet-${depth}`, JSON.stringify(report[`ResNet-${depth}`]));
  }
  const starts = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const begin = performance.now();
    spawnSync(process.execPath, [programs.startup, folder, values.size], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    starts.push(performance.now() - begin);
  }
  report.startMilliseconds = round(median(starts));
  if (Number(values.growth) > 0) {
    const { ours, torch } = await pair(depths.at(-1));
    await torch.stop();
    let early = 0;
    let late = 0;
    for (let step = 1; step <= Number(values.growth); step++) {
      const { residentMiB } = await ours.ask('step');
      if (step === 50) early = residentMiB;
      late = residentMiB;
    }
    await ours.stop();
    report.growth = {
      steps: Number(values.growth),
      early: round(early),
      late: round(late),
      share: round(late / early - 1, 4),
    };
  }
  console.log(JSON.stringify(report, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
