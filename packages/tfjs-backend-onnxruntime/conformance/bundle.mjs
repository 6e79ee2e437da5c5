/** Bundles the specs, TensorFlow.js and this backend so that all of them use one copy of tfjs-core. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const load = createRequire(import.meta.url);
const fromTfjs = createRequire(load.resolve('@tensorflow/tfjs'));
/** The folder of tfjs-core, whose specs are ES modules beside its sources. */
const core = dirname(dirname(fromTfjs.resolve('@tensorflow/tfjs-core')));

/** Writes one module that registers the backend named by the environment and then defines all specs. */
export const bundleSpecs = (outfile) =>
  bundleProgram(
    [
      `import './setup.mjs';`,
      `import 'tfjs-core-dist/public/chained_ops/register_all_chained_ops.js';`,
      `import 'tfjs-core-dist/tests.js';`,
    ].join('\n'),
    here,
    outfile,
  );

/**
 * Writes one module with everything `contents` imports. The module may lie anywhere: it looks for onnxruntime-node from
 * `packageUrl`.
 */
export async function bundleProgram(contents, resolveDir, outfile, packageUrl = import.meta.url) {
  await build({
    stdin: { contents, resolveDir },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    mainFields: ['module', 'main'],
    conditions: ['@fsmr/source'],
    alias: { 'tfjs-core-dist': join(core, 'dist'), '@tensorflow/tfjs-core': core },
    external: ['onnxruntime-node'],
    // Some parts of TensorFlow.js are CommonJS.
    banner: {
      js: `import { createRequire as createRequireHere } from 'node:module';
const packageUrl = ${JSON.stringify(packageUrl)};
const require = createRequireHere(packageUrl);`,
    },
    define: { 'import.meta.url': 'packageUrl' },
    // tfjs-core declares its spec files free of side effects, so they would be dropped.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
}
