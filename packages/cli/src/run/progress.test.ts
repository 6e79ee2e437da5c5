import { describe, expect, it } from 'vitest';
import { createProgress, duration } from './progress.js';

function screen(isTTY: boolean): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const stream = { isTTY, columns: 40, write: (text: string) => written.push(text) };
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

describe('createProgress', () => {
  it('writes a line a tenth where nobody watches', () => {
    const { stream, written } = screen(false);
    const progress = createProgress('Training', stream);
    for (let done = 1; done <= 100; done++) progress.update(done, 100, 'loss 1');
    progress.finish();
    expect(written).toHaveLength(11);
    expect(written[0]).toMatch(/^Training 1\/100 1 % .*loss 1\n$/);
    expect(written.at(-1)).toMatch(/^Training 100\/100 100 %/);
  });

  it('rewrites one line of a terminal, never wider than it', () => {
    const { stream, written } = screen(true);
    const progress = createProgress('Training', stream);
    progress.update(1, 2, 'a detail that is longer than the terminal is wide');
    progress.update(2, 2);
    progress.finish();
    expect(written.join('')).toMatch(/^\r[^\n]*\r[^\n]*\n$/);
    expect(written[0]!.replace('\r', '').replace('\u001b[K', '').length).toBeLessThan(40);
  });

  it('knows of no work', () => {
    const { stream, written } = screen(false);
    createProgress('Evaluating', stream).update(0, 0);
    expect(written).toEqual(['Evaluating 0/0 100 % \n']);
  });
});

it('says durations as people do', () => {
  expect([0, 42.4, 59.6, 190, 7500, -3].map(duration)).toEqual([
    '0 s',
    '42 s',
    '1 min 0 s',
    '3 min 10 s',
    '2 h 5 min',
    '0 s',
  ]);
});
