import ts from 'typescript';

/** One fenced block of a README. */
export interface ReadmeBlock {
  /** The README, an absolute path. */
  readonly readme: string;
  /** What follows the opening fence, such as `ts`. */
  readonly language: string;
  /** The line of the README the code starts in, counted from 1. */
  readonly line: number;
  readonly code: string;
}

/** The fenced blocks of a README, in its order. @param readme its path, by which faults are named. */
export function readmeBlocks(text: string, readme: string): readonly ReadmeBlock[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: code = '' }) => {
    // The code starts a line below its fence.
    return { readme, language, line: text.slice(0, index).split('\n').length + 1, code };
  });
}

/** Whether a block is a program that a reader would copy. */
export const isProgram = ({ language }: ReadmeBlock): boolean =>
  ['ts', 'typescript', 'js', 'javascript'].includes(language);

/** Packages that an `npm i` line among the blocks installs; undefined where there is no such line. */
function installedPackages(blocks: readonly ReadmeBlock[]): ReadonlySet<string> | undefined {
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .filter((line) => line.startsWith('npm i '));
  if (lines.length === 0) return undefined;
  const words = lines.flatMap((line) => line.replace(/#.*/, '').split(/\s+/).slice(2));
  return new Set(words.filter((word) => word !== '' && !word.startsWith('-')));
}

/** `@fsmr/core` of `@fsmr/core/errors`; undefined for what Node brings and for files. */
function packageOf(specifier: string): string | undefined {
  if (/^(node:|\.)/.test(specifier)) return undefined;
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}

/**
 * What the programs of one README import and its `npm i` line does not install.
 *
 * @returns one line a package, with README and line of the program; empty where all is installed.
 */
export function installFaults(blocks: readonly ReadmeBlock[]): readonly string[] {
  const programs = blocks.filter(isProgram);
  const installed = installedPackages(blocks);
  return programs.flatMap(({ readme, line, code }) => {
    if (installed === undefined) return [`${readme}:${line}: no npm i line says what this needs`];
    const imported = ts.preProcessFile(code).importedFiles.map(({ fileName }) => packageOf(fileName));
    return [...new Set(imported)]
      .filter((name) => name !== undefined && !installed.has(name))
      .map((name) => `${readme}:${line}: ${name} is imported but not in the npm i line`);
  });
}
