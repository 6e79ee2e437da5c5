import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';

/** How a child process ended. */
export interface ChildEnd {
  /** The exit code; 128 plus the signal's number is not told apart from 1. */
  readonly code: number;
  readonly seconds: number;
  /** The last lines it wrote. */
  readonly lastLines: readonly string[];
}

/** A child process at work. */
export interface Child {
  readonly process: number | undefined;
  readonly ended: Promise<ChildEnd>;
}

/** What a child process is given. */
export interface ChildOptions {
  /** Program and its first words, such as node and the script. */
  readonly program: readonly string[];
  readonly words: readonly string[];
  /** Gets everything the child writes, added to what is there. */
  readonly log: string;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/**
 * Starts a child process that stops after its step when the signal comes, or when this process ends in whatever way:
 * closing the channel between the two is what tells it.
 */
export async function startChild({ program, words, log, signal, onLine }: ChildOptions): Promise<Child> {
  await mkdir(dirname(log), { recursive: true });
  const [command, ...first] = program;
  const child = spawn(command!, [...first, ...words], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const file = createWriteStream(log, { flags: 'a' });
  file.write(`$ ${words.join(' ')}\n`);
  const lastLines: string[] = [];
  const lines = [child.stdout!, child.stderr!].map((stream) =>
    readLines(stream, (line) => {
      file.write(`${line}\n`);
      lastLines.push(line);
      if (lastLines.length > keptLines) lastLines.shift();
      onLine(line);
    }),
  );
  const started = performance.now();
  const stop = (): void => {
    if (child.connected) child.disconnect();
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const ended = exitOf(child).then(async ({ code, fault }) => {
    signal.removeEventListener('abort', stop);
    await Promise.all(lines);
    file.end();
    await finished(file);
    const seconds = (performance.now() - started) / 1000;
    return { code, seconds, lastLines: fault === undefined ? lastLines : [...lastLines, fault] };
  });
  return { process: child.pid, ended };
}

const keptLines = 12;

function exitOf(child: ChildProcess): Promise<{ readonly code: number; readonly fault?: string }> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, fault: error.message }));
    // Not `close`: it never comes once the channel was closed from this side.
    child.once('exit', (code, signal) => resolve(code === null ? { code: 1, fault: `ended by ${signal}` } : { code }));
  });
}

/** Lines of a stream; a carriage return, with which progress rewrites itself, ends one too. */
async function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const part of stream) {
    const pieces = `${rest}${part}`.split(/[\r\n]+/);
    rest = pieces.pop()!;
    for (const line of pieces) if (line !== '') onLine(line);
  }
  if (rest !== '') onLine(rest);
}
