// What every script here needs: run a command and see its output, or stop with its exit code.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the root folder; returns its exit code. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  return result.status ?? 1;
}

/** Runs a command and ends the process where it fails. */
export function must(command, args, options) {
  const status = run(command, args, options);
  if (status !== 0) process.exit(status);
}

const { devEngines } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/** The pinned pnpm as npx takes it; nothing global is needed. */
export const pnpm = `pnpm@${devEngines.packageManager.version}`;

/** Installs every dependency with the pinned pnpm. */
export function setUp() {
  must('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--prefer-offline']);
}
