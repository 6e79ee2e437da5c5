import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configSchema } from './config/schema.js';
import { createProgram } from './program.js';
import { exists } from './run/files.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-program-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command with these words; returns what it printed. */
async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0),
  );
  try {
    await throwing(createProgram()).parseAsync(words, { from: 'user' });
    return printed.join('');
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A command that throws where it would end the process; each word has its own switch. */
function throwing(command: Command): Command {
  for (const word of command.commands) throwing(word);
  return command.exitOverride();
}

function helpOf(program: Command): string {
  let text = '';
  program.configureOutput({ writeOut: (part) => (text += part) });
  program.outputHelp();
  return text;
}

describe('createProgram', () => {
  it('knows these words', () => {
    expect(createProgram().commands.map((command) => command.name())).toEqual([
      'demo',
      'train',
      'evaluate',
      'merge',
      'segment',
      'sweep',
      'report',
      'prepare',
      'inspect',
      'styles',
      'doctor',
    ]);
  });

  it('explains every key of the configuration', () => {
    const train = createProgram().commands.find((command) => command.name() === 'train')!;
    const help = helpOf(train);
    const { model, training, evaluation, split, engine } = configSchema.shape;
    const keys = [model, training, evaluation, split, engine].flatMap((part) => Object.keys(part.unwrap().shape));
    for (const key of [...Object.keys(configSchema.shape), ...keys])
      expect(help, key).toMatch(new RegExp(`\\b${key}\\b`));
  });

  it('says which word is missing or unknown', async () => {
    await expect(run('train', '--config', 'run.json')).rejects.toThrow("required option '--out <folder>'");
    await expect(run('train', '--out', folder)).rejects.toThrow('Give --config, or --preset and --data.');
    await expect(run('train', '--out', folder, '--preset', 'curvs')).rejects.toThrow('Allowed choices are curvas');
    await expect(run('trian')).rejects.toThrow("unknown command 'trian'");
    await expect(run('styles', '--mask', 'm', '--out', 'o', '--preset', 'wild')).rejects.toThrow('Allowed choices');
  });

  it('finds faults of a configuration before anything is written', async () => {
    const config = join(folder, 'run.json');
    await writeFile(config, '{"data":{"kind":"phantom"},"trainig":{}}');
    const out = join(folder, 'out');
    await expect(run('train', '--config', config, '--out', out)).rejects.toMatchObject({
      code: 'config',
      file: config,
    });
    expect(await exists(out)).toBe(false);
  });

  it('refuses flags of a preset beside a configuration, which would be ignored', async () => {
    const config = join(folder, 'whole.json');
    await writeFile(config, '{ "data": { "kind": "phantom" } }');
    const out = join(folder, 'ignored');
    const given = run('train', '--config', config, '--method', 'dspnet', '--label-set', '1', '--out', out);
    await expect(given).rejects.toMatchObject({ code: 'config', file: config });
    await expect(given).rejects.toThrow(/--method, --label-set belongs|--label-set, --method belongs/);
    expect(await exists(out)).toBe(false);
  });

  it('prints what an inspection found', async () => {
    const config = join(folder, 'phantom.json');
    await writeFile(config, '{"data":{"kind":"phantom","scans":2,"size":32,"raters":2}}');
    expect(await run('inspect', config)).toContain('phantom: other, 2 scans');
  });

  it('examines the engine', async () => {
    const text = await run('doctor', '--backend', 'onnxruntime');
    expect(text).toContain('Engine: onnxruntime');
    await expect(run('doctor', '--backend', 'abacus')).rejects.toMatchObject({ code: 'engine' });
  });
});
