import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Scripts made of our sources. */
export interface BundledScripts {
  /** Where the script of this name lies. */
  at(name: string): URL;
  remove(): Promise<void>;
}

/**
 * Does what the packages' builds do, since processes and threads load JavaScript, not TypeScript: one module a script,
 * all in one folder, TensorFlow.js and ONNX Runtime beside it.
 *
 * @param scripts the source of each script by name
 * @param packageFolder a package that depends on the libraries left outside; the scripts lie in its `node_modules`
 */
export async function bundleScripts(
  scripts: Readonly<Record<string, URL>>,
  packageFolder: URL,
): Promise<BundledScripts> {
  const parent = join(fileURLToPath(packageFolder), 'node_modules');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, '.bundle-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: Object.fromEntries(Object.entries(scripts).map(([name, source]) => [name, fileURLToPath(source)])),
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@fsmr/source'],
    external: ['@tensorflow/*', 'onnxruntime-node'],
    banner: {
      js: "import { createRequire as forBundle } from 'node:module'; const require = forBundle(import.meta.url);",
    },
    logLevel: 'error',
  });
  return {
    at: (name) => pathToFileURL(join(folder, `${name}.js`)),
    remove: () => rm(folder, { recursive: true }),
  };
}
