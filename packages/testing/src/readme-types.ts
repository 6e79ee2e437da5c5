import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { ReadmeBlock } from './readme-blocks.js';

/** The strictest options a careful reader's project has; `skipLibCheck` as TensorFlow.js's type files need it. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  // Two blocks may use one name.
  moduleDetection: ts.ModuleDetectionKind.Force,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
  customConditions: ['@fsmr/source'],
};

/**
 * Type-checks blocks of READMEs as programs of their own, all in one TypeScript program, so that TensorFlow.js's types
 * are read once. `@fsmr/*` is what lies in `packages/*` of the repository, whatever the README's package depends on.
 *
 * @param root the repository's folder.
 * @returns one line a fault: README, line in it, TypeScript's code and message; empty where all check.
 */
export function typeFaults(blocks: readonly ReadmeBlock[], root: string): readonly string[] {
  // A file beside the README finds the packages that the README's own package finds.
  const files = new Map(
    blocks.map((block) => [join(dirname(block.readme), `README.${block.line}.ts`), block] as const),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.getCurrentDirectory = () => root;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => {
    const block = files.get(file);
    // Empty lines before the code give faults the README's line numbers.
    return block === undefined ? readFile(file) : '\n'.repeat(block.line - 1) + block.code;
  };
  const cache = ts.createModuleResolutionCache(root, (file) => file, options);
  host.resolveModuleNameLiterals = (literals, containing, redirected, given, source) =>
    literals.map((literal) => {
      const own = /^@fsmr\/([^/]+)/.exec(literal.text)?.[1];
      const from = own === undefined ? containing : join(root, 'packages', own, 'src', 'index.ts');
      const mode = ts.getModeForUsageLocation(source, literal, given);
      return ts.resolveModuleName(literal.text, from, given, host, cache, redirected, mode);
    });
  const program = ts.createProgram({ rootNames: [...files.keys()], options, host });
  return [...files].flatMap(([file, { readme }]) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((fault) => {
      const line = source!.getLineAndCharacterOfPosition(fault.start ?? 0).line + 1;
      const message = ts.flattenDiagnosticMessageText(fault.messageText, ' ').replace(/\s+/g, ' ');
      return `${readme}:${line}: TS${fault.code} ${message}`;
    });
  });
}
