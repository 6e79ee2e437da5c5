/** Bundles a TypeScript program with the sources of our packages; TensorFlow.js and ONNX Runtime stay outside. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Writes `<name>.mjs` beside this package's manifest, from where packages are found, and returns its path.
 * `entry` is the program of that name here when absent; worker threads are written as `.js`, the name packages give them.
 */
export async function bundle(name, entry = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))) {
  const outfile = fileURLToPath(new URL(`../dist/${name}.${name.endsWith('worker') ? 'js' : 'mjs'}`, import.meta.url));
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    conditions: ['@fsmr/source'],
    external: ['@tensorflow/*', 'onnxruntime-node', 'webgpu'],
    // Some packages still ask for Node's own modules in the old way.
    banner: {
      js: "import { createRequire as forBundle } from 'node:module'; const require = forBundle(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}
