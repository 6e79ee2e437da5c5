#!/usr/bin/env node
import { isFsmrError } from '@fsmr/core';
import { createProgram } from './program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!isFsmrError(error)) throw error;
  // What a person can mend is said in one line; the stack helps nobody.
  process.stderr.write(`fsmr: ${error.message}\n`);
  process.exitCode = error.code === 'interrupted' ? 130 : 1;
}
