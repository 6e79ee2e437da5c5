/** What JAPC costs, see japc.ts: `node src/japc.mjs`. */
import { spawnSync } from 'node:child_process';
import { bundle } from './bundle.mjs';

process.exit(spawnSync(process.execPath, [await bundle('japc')], { stdio: 'inherit' }).status ?? 1);
