import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The first ```ts block of a README, so that a test can run what the README shows. */
export function readmeSnippet(readme: URL): string {
  const match = /```ts\n([\s\S]*?)```/.exec(readFileSync(fileURLToPath(readme), 'utf8'));
  if (match === null) throw new Error(`${readme.pathname} has no ts block`);
  return match[1]!;
}

/**
 * Runs a README snippet as a module body: its imports are taken from `modules`, its last line's names are returned.
 * Only named and namespace imports are understood, which is all our snippets use.
 */
export async function runSnippet(code: string, modules: Record<string, object>, results: string[]): Promise<object> {
  const { default: ts } = await import('typescript');
  const javascript = ts.transpile(code, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
  const body = javascript.replace(
    /import\s+(?:\*\s+as\s+(\w+)|\{([^}]*)\})\s+from\s+["']([^"']+)["'];?/g,
    (_line, namespace: string | undefined, named: string | undefined, from: string) => {
      if (modules[from] === undefined) throw new Error(`the snippet imports ${from}, which the test does not provide`);
      const source = `modules[${JSON.stringify(from)}]`;
      return namespace === undefined
        ? `const {${named!.replace(/\bas\b/g, ':')}} = ${source};`
        : `const ${namespace} = ${source};`;
    },
  );
  const run = new Function('modules', `return (async () => { ${body}\n return { ${results.join(', ')} }; })();`) as (
    modules: Record<string, object>,
  ) => Promise<object>;
  return run(modules);
}
