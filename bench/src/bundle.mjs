/** Bundles a TypeScript program with the sources of our packages; TensorFlow.js and ONNX Runtime stay outside. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Writes `<name>.mjs` beside this package's manifest, from where packages are found, and returns its path. */
export async function bundle(name) {
  const outfile = fileURLToPath(new URL(`../dist/${name}.mjs`, import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    conditions: ['@fsmr/source'],
    external: ['@tensorflow/*', 'onnxruntime-node', 'webgpu'],
    logLevel: 'error',
  });
  return outfile;
}
