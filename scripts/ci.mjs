// Everything that must be green before a change lands, from a clean clone; the last line says how much passed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fsmr-ci-'));
const report = join(folder, 'vitest.json');
let passed = 0;
let failed = 0;
let skipped = 0;

function step(title, command, args, options) {
  const start = Date.now();
  console.log(`\n== ${title}`);
  const ok = run(command, args, options) === 0;
  console.log(`== ${title}: ${ok ? 'ok' : 'FAILED'} (${Math.round((Date.now() - start) / 1000)} s)`);
  if (ok) passed++;
  else failed++;
  return ok;
}

if (step('set-up', 'npm', ['run', 'setup'])) {
  step('lint and format', 'npx', ['biome', 'check', '.']);
  step('types', 'npx', ['tsc', '-p', 'tsconfig.json', '--noEmit']);
  step('build', 'npm', ['run', 'build:all']);
  step('unused files, exports and dependencies', 'npx', ['knip']);
  step('tests', 'npm', ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    passed += result.numPassedTests;
    failed += result.numFailedTests;
    skipped += result.numPendingTests;
  } catch {
    console.log('== no test report was written');
    failed++;
  }
  step('published packages', 'node', ['scripts/check-packages.mjs']);
  step('TensorFlow.js conformance of the ONNX Runtime backend', 'npm', ['run', 'conformance']);
  step('demo', 'npm', ['run', 'demo', '--', '--out', join(folder, 'demo')]);
}
rmSync(folder, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exit(failed === 0 ? 0 : 1);
