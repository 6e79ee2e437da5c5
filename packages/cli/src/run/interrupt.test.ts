import { afterEach, describe, expect, it, vi } from 'vitest';
import { interruptSignal } from './interrupt.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('interruptSignal', () => {
  /** What the process would do at a signal, without the listeners of the test runner. */
  function listen() {
    const known = new Set([...process.listeners('SIGINT'), ...process.listeners('disconnect')]);
    const { signal, release } = interruptSignal();
    const own = <Name extends 'SIGINT' | 'disconnect'>(name: Name) =>
      process.listeners(name as 'disconnect').find((listener) => !known.has(listener as never))! as () => void;
    return { signal, release, press: own('SIGINT'), leave: own('disconnect') };
  }

  it('lets work save what it has when terminal and parent both tell it, in any order', () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    for (const order of [['leave', 'press', 'press'] as const, ['press', 'leave', 'press'] as const]) {
      const { signal, release, ...told } = listen();
      for (const who of order) told[who]();
      expect([signal.aborted, exit.mock.calls.length]).toEqual([true, 0]);
      release();
    }
  });

  it('ends at once at a second press', () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const now = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const { press, release } = listen();
    press();
    now.mockReturnValue(1600);
    press();
    expect(exit).toHaveBeenCalledWith(130);
    release();
  });
});
