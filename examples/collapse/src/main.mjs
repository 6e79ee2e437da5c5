// Runs main.ts from the sources of our packages: prints the tables and draws the figure of docs/japc.md.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
await build({
  entryPoints: [path('main.ts')],
  outfile: path('../dist/main.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@fsmr/source'],
  external: ['@tensorflow/*'],
  logLevel: 'error',
});
process.argv[2] = path('../../../docs/figures/japc-attention.svg');
await import('../dist/main.mjs');
