import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BundledScripts, bundleScripts } from '@fsmr/testing';

/** How a command ended. */
export interface CommandEnd {
  /** Absent where a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

/** A command at work in a process of its own. */
export interface RunningCommand {
  readonly pid: number;
  /** Resolves once the process has written this. */
  wrote(text: string): Promise<void>;
  readonly ended: Promise<CommandEnd>;
}

/** The fsmr command as a program of its own, with the script of its workers beside it. */
export function bundleCommand(): Promise<BundledScripts> {
  return bundleScripts(
    {
      main: new URL('../main.ts', import.meta.url),
      'evaluation-worker': new URL('../evaluation-worker.ts', import.meta.url),
    },
    new URL('../../../tfjs-backend-onnxruntime/', import.meta.url),
  );
}

/** Starts the command with these words. */
export function startCommand(scripts: BundledScripts, ...words: string[]): RunningCommand {
  const started = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(scripts.at('main')), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += String(chunk);
      for (const look of waiting) look();
    });
  }
  return {
    pid: child.pid!,
    wrote: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        waiting.push(look);
        look();
      }),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output, seconds: (performance.now() - started) / 1000 }));
    }),
  };
}

/** The processes a process started. */
export async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Sends a signal; nothing happens where the process has just ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
