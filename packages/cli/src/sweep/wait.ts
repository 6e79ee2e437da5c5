import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for processes of a sweep that was killed: each ends after its step, and until then its run folder is its own. A
 * number that meanwhile belongs to another process costs the whole wait, no more.
 */
export async function waitForProcesses(ids: readonly number[], signal: AbortSignal, seconds = 30): Promise<void> {
  const until = performance.now() + 1000 * seconds;
  let told = false;
  while (!signal.aborted && performance.now() < until && ids.some(isAlive)) {
    if (!told) process.stderr.write('Waiting for cells of the last visit to stop.\n');
    told = true;
    await pause(100);
  }
}

/** Whether a process of that number is there. */
export function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
