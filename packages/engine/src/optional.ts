/**
 * Imports a package that may be absent. The name is a value, so that bundlers and the type checker do not look for it.
 *
 * @throws the loader's own error where the package is absent or does not load.
 */
export async function importOptional(name: string): Promise<Record<string, unknown>> {
  return (await import(name)) as Record<string, unknown>;
}

/** The first line of what went wrong, in one line. */
export function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.trim();
}
