/** What JAPC costs, see japc.ts: `node src/japc.mjs [inference]`. */
import { spawnSync } from 'node:child_process';
import { bundle } from './bundle.mjs';

process.exit(
  spawnSync(process.execPath, [await bundle('japc'), ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1,
);
