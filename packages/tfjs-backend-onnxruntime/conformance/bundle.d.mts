/** Writes one module that registers the backend named by the environment and then defines all specs. */
export function bundleSpecs(outfile: string): Promise<void>;
/** Writes one module with everything `contents` imports. */
export function bundleProgram(
  contents: string,
  resolveDir: string,
  outfile: string,
  packageUrl?: string,
): Promise<void>;
