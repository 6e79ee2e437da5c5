import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addResultCommands } from './program-results.js';
import { exists } from './run/files.js';

let folder: string;
let grid: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-results-'));
  grid = join(folder, 'grid.json');
  await writeFile(grid, '{"base":{"data":{"kind":"phantom"}},"axes":{"seed":[1,2]}}');
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    const program = new Command();
    addResultCommands(program);
    await program.parseAsync(words, { from: 'user' });
    return printed.join('');
  } finally {
    spy.mockRestore();
  }
}

describe('sweep', () => {
  it('names the cells of a dry run, and does nothing', async () => {
    const out = join(folder, 'dry');
    expect(await run('sweep', grid, '--out', out, '--dry-run')).toBe('1: trains\n2: trains\n2 cells, 2 trainings\n');
    expect(await run('sweep', grid, '--out', out, '--dry-run', '--shard', '2/2')).toContain('1 cells');
    expect(await exists(out)).toBe(false);
  });

  it('refuses what it cannot do before anything starts', async () => {
    const out = join(folder, 'never');
    for (const workers of ['0', '1.5', 'many'])
      await expect(run('sweep', grid, '--out', out, '--workers', workers)).rejects.toThrow('is no number of workers');
    await expect(run('sweep', grid, '--out', out, '--shard', '3/2')).rejects.toMatchObject({ code: 'config' });
    await expect(run('sweep', join(folder, 'no.json'), '--out', out)).rejects.toThrow('cannot be read');
    expect(await exists(out)).toBe(false);
  });
});

describe('report', () => {
  it('says what is missing', async () => {
    const out = join(folder, 'report');
    await expect(run('report', '--out', out)).rejects.toThrow('no evaluated run is named. Give --sweep or --run.');
    await expect(run('report', '--out', out, '--run', folder)).rejects.toThrow('holds no run');
    await expect(run('report', '--out', out, '--run', folder, '--format', 'pdf')).rejects.toThrow('"pdf" is no format');
    await expect(run('report', '--out', out, '--sweep', folder)).rejects.toThrow('holds no sweep');
    expect(await exists(out)).toBe(false);
  });
});
