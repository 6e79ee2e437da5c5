import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EngineError } from '@fsmr/core';
import type { FromWorker, ToWorker } from './evaluation-messages.js';

/** A child process that evaluates. */
export interface WorkerProcess {
  tell(message: ToWorker): void;
  /** How it ended: nothing where it took its leave, else what ended it and its last words. */
  readonly ended: Promise<string | undefined>;
}

/**
 * Starts a worker.
 *
 * @throws EngineError where the package is not built, as processes load JavaScript alone.
 */
export function startWorker(onMessage: (message: FromWorker) => void): WorkerProcess {
  const script = fileURLToPath(new URL('./evaluation-worker.js', import.meta.url));
  if (!existsSync(script)) {
    throw new EngineError('the script of workers is missing.', { file: script, remedy: 'Build the package first.' });
  }
  const child = fork(script, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + String(chunk)).slice(-2000);
  });
  let left = false;
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'left') left = true;
    onMessage(message);
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(left ? undefined : `${signal ?? `exit code ${code}`}${words === '' ? '' : `: ${words.trim()}`}`),
    );
  });
  return {
    tell: (message) => {
      // A worker that has just ended hears nothing; its end is told by `ended`.
      if (child.connected) child.send(message, () => {});
    },
    ended,
  };
}
