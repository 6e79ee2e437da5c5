#!/usr/bin/env node
import { isFsmrError } from '@fsmr/core';
import { createProgram } from './program.js';
import { systemFault } from './run/system-fault.js';
import { ownVersion } from './run/versions.js';

try {
  await createProgram(await ownVersion()).parseAsync();
} catch (error) {
  const known = isFsmrError(error) ? error : systemFault(error);
  if (known === undefined) throw error;
  // What a person can mend is said in one line; the stack helps nobody.
  process.stderr.write(`fsmr: ${known.message}\n`);
  process.exitCode = known.code === 'interrupted' ? 130 : 1;
}
