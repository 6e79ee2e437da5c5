/**
 * Runs the specs that ship inside @tensorflow/tfjs-core against this backend and against the cpu backend.
 *
 *     node conformance/run.mjs [--small N] [--only text] [--write]
 *
 * A spec counts as failed where the cpu backend passes it, this backend does not, and exclusions.json does not say why.
 * The exit status is 1 if there is one. `--small N` sets the size below which JavaScript kernels take over (0: all
 * native), `--only` runs specs whose name contains a text, `--write` stores the counts in results.json.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleSpecs } from './bundle.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
try {
  const bundle = join(folder, 'specs.mjs');
  await bundleSpecs(bundle);
  const run = (backend) => {
    const output = join(folder, `${backend}.json`);
    const { status } = spawnSync(process.execPath, [join(here, 'specs.mjs'), bundle, output], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        CONFORMANCE_BACKEND: backend,
        CONFORMANCE_SMALL: values.small,
        CONFORMANCE_ONLY: values.only,
      },
    });
    if (status !== 0) throw new Error(`The specs on ${backend} ended with status ${status}.`);
    return JSON.parse(readFileSync(output, 'utf8'));
  };
  const [cpu, native] = [run('cpu'), run('onnxruntime')];
  const exclusions = JSON.parse(readFileSync(join(here, 'exclusions.json'), 'utf8'));
  const passedByCpu = new Set(cpu.filter(({ status }) => status === 'passed').map(({ name }) => name));
  const worse = native.filter(({ name, status }) => status === 'failed' && passedByCpu.has(name));
  const excluded = worse.filter(({ name }) => name in exclusions);
  const failed = worse.filter(({ name }) => !(name in exclusions));
  const stale = Object.keys(exclusions).filter((name) => !worse.some((spec) => spec.name === name));
  for (const { name, message } of failed)
    console.log(`FAILED  ${name}\n        ${message.replaceAll('\n', '\n        ')}`);
  if (values.only === '') for (const name of stale) console.log(`An exclusion that is not needed: ${name}`);
  const count = (specs, status) => specs.filter((spec) => spec.status === status).length;
  const summary = {
    'tfjs-core': '4.22.0',
    smallTensor: Number(values.small),
    cpu: { run: count(cpu, 'passed') + count(cpu, 'failed'), passed: count(cpu, 'passed') },
    onnxruntime: {
      run: count(native, 'passed') + count(native, 'failed'),
      passed: count(native, 'passed'),
      excluded: excluded.length,
      failedThatCpuPasses: failed.length,
      share: `${((100 * worse.length) / passedByCpu.size).toFixed(2)} %`,
    },
  };
  console.log(JSON.stringify(summary, null, 2));
  if (values.write) writeFileSync(join(here, 'results.json'), `${JSON.stringify(summary, null, 2)}\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
