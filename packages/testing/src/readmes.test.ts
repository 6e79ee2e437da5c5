import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { installFaults, isProgram, type ReadmeBlock, readmeBlocks } from './readme-blocks.js';
import { typeFaults } from './readme-types.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const packages = readdirSync(join(root, 'packages')).sort();
const readmes = ['README.md', ...packages.map((name) => `packages/${name}/README.md`)].filter((readme) =>
  existsSync(join(root, readme)),
);
const blocksOf = (readme: string): readonly ReadmeBlock[] =>
  readmeBlocks(readFileSync(join(root, readme), 'utf8'), join(root, readme));

/** A README of mistakes, so that the test itself is tested. */
const wrong = readmeBlocks(
  `# Wrong

\`\`\`ts
import { createRandom } from '@fsmr/core';
const first: number = [1][0];
const draw: string = createRandom(1).integer(0, 1);
\`\`\`

\`\`\`sh
npm i --ignore-scripts @fsmr/japc # not @fsmr/core
\`\`\`

\`\`\`ts
import { readFile } from 'node:fs/promises';
import { nothing } from '@fsmr/core/errors';
const first = await readFile(nowhere);
\`\`\`
`,
  join(root, 'packages', 'core', 'WRONG.md'),
);

describe('READMEs', () => {
  it('show programs that type-check in the strictest project', { timeout: 300_000 }, () => {
    const programs = [...readmes.flatMap(blocksOf), ...wrong].filter(isProgram);
    const faults = typeFaults(programs, root).map((fault) => fault.replace(root, ''));
    expect(faults.filter((fault) => !fault.includes('WRONG.md'))).toEqual([]);
    expect(faults).toEqual([
      "packages/core/WRONG.md:5: TS2322 Type 'number | undefined' is not assignable to type 'number'. Type 'undefined' is not assignable to type 'number'.",
      "packages/core/WRONG.md:6: TS2322 Type 'number' is not assignable to type 'string'.",
      "packages/core/WRONG.md:15: TS2305 Module '\"@fsmr/core/errors\"' has no exported member 'nothing'.",
      "packages/core/WRONG.md:16: TS2304 Cannot find name 'nowhere'.",
    ]);
  });

  it('install what their programs import', () => {
    // The README of the whole says how to build instead: its packages are not on npm yet.
    const faults = readmes.slice(1).flatMap((readme) => installFaults(blocksOf(readme)));
    expect(faults.map((fault) => relative(root, fault))).toEqual([]);
    expect(installFaults(wrong).map((fault) => relative(root, fault))).toEqual([
      'packages/core/WRONG.md:4: @fsmr/core is imported but not in the npm i line',
      'packages/core/WRONG.md:14: @fsmr/core is imported but not in the npm i line',
    ]);
    expect(installFaults(wrong.filter(isProgram))).toHaveLength(2);
  });
});
