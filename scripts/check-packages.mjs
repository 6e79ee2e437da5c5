// Packs every public package, checks the tarballs with publint and attw, installs them into an empty folder with plain
// npm (no install scripts) and runs the README snippet of @fsmr/japc there, and the installed fsmr command.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, pnpm, root } from './run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fsmr-packages-'));
const packs = join(folder, 'packs');
mkdirSync(packs);

const packages = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name))
  .filter((path) => !JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).private);

try {
  for (const path of packages) {
    must('npx', ['--yes', pnpm, 'pack', '--pack-destination', packs], { cwd: path, stdio: 'ignore' });
  }
  const tarballs = readdirSync(packs).map((file) => join(packs, file));
  for (const tarball of tarballs) {
    must('npx', ['publint', tarball, '--strict']);
    must('npx', ['attw', tarball, '--profile', 'esm-only', '--format', 'ascii', '--quiet']);
  }

  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  const tfjs = /["']@tensorflow\/tfjs["']: (\S+)/.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))[1];
  must('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@tensorflow/tfjs@${tfjs}`, ...tarballs], {
    cwd: app,
  });

  const readme = readFileSync(join(root, 'packages/japc/README.md'), 'utf8');
  const snippet = /```ts\n([\s\S]*?)```/.exec(readme)[1];
  writeFileSync(
    join(app, 'snippet.mjs'),
    execFileSync('npx', ['esbuild', '--loader=ts'], { cwd: root, input: snippet }),
  );
  must('node', ['snippet.mjs'], { cwd: app });
  must('npx', ['fsmr', '--help'], { cwd: app });
  must('npx', ['fsmr', 'doctor'], { cwd: app });
  console.log(`${tarballs.length} packages packed, checked, installed and run`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
