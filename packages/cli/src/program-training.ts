import { join, resolve } from 'node:path';
import { ConfigError } from '@fsmr/core';
import { type Command, Option } from 'commander';
import { demoConfig } from './commands/demo.js';
import { evaluateRun } from './commands/evaluate.js';
import { trainRun } from './commands/train.js';
import { checkConfig, loadConfig } from './config/load.js';
import { presetNames } from './config/presets.js';
import type { RunConfig } from './config/schema.js';
import { seedOf } from './run/seed.js';
import { withRun } from './run/with-run.js';
import { evaluationText } from './run/write-results.js';

const presetHelp = `
Presets are published experiments on data that fsmr prepare wrote; --data is the folder that holds
  curvas    train/ and test/, each from fsmr prepare curvas
  qubiq-*   what fsmr prepare qubiq wrote: brain-growth/task01/Training, Validation and so on
Budget, schedule, parameter groups, tested classes and the exclusion of Setting 2 are as published. For anything else
write a configuration: { "preset": { "name": "curvas", "root": "data/curvas" }, "engine": { "threads": 4 } }.`;

/** Adds the words that train. @param configHelp explains the configuration */
export function addTrainingCommands(program: Command, configHelp: string): void {
  program
    .command('demo')
    .description('train and evaluate on a phantom whose raters have known styles, then write a report')
    .option('--out <folder>', 'where results go', 'out/demo')
    .option('--seed <seed>', 'same seed, same table', '1234')
    .action(({ out, seed }: { out: string; seed: string }) => trainAndEvaluate(demoConfig(seedOf(seed)), out));
  program
    .command('train')
    .description('train the base method and JAPC from superpixel pseudo labels; given again, it resumes')
    .option('--config <file>', 'JSON configuration, see below')
    .addOption(new Option('--preset <name>', 'a published experiment instead').choices(presetNames))
    .option('--data <folder>', 'of a preset: what fsmr prepare wrote, see below')
    .addOption(new Option('--setting <number>', 'of a preset').choices(['1', '2']))
    .addOption(new Option('--label-set <number>', 'of a preset').choices(['0', '1']))
    .addOption(new Option('--method <name>', 'of a preset').choices(['alpnet', 'dspnet', 'qnet', 'rpt']))
    .option('--weights <file>', 'of a preset: what the backbone starts from')
    .requiredOption('--out <folder>', 'run folder')
    .option('--seed <seed>', 'overrides the configuration')
    .option('--loaders <number>', 'threads that make episodes ahead; 0 makes them between steps', Number)
    .addHelpText('after', `${configHelp}\n${presetHelp}`)
    .action(async (options: TrainOptions) => {
      await withRun(await configured(options), (run, versions, signal) => trainRun(run, options.out, versions, signal));
    });
}

interface TrainOptions {
  readonly config?: string;
  readonly preset?: string;
  readonly data?: string;
  readonly setting?: string;
  readonly labelSet?: string;
  readonly method?: string;
  readonly weights?: string;
  readonly out: string;
  readonly seed?: string;
  readonly loaders?: number;
}

async function configured({ seed, loaders, ...options }: TrainOptions): Promise<RunConfig> {
  const { config: file, out: _out, ...ofPreset } = options;
  const unused = Object.entries(ofPreset).filter(([, value]) => value !== undefined);
  if (file !== undefined && unused.length > 0) {
    const flags = unused.map(([name]) => `--${name === 'labelSet' ? 'label-set' : name}`).join(', ');
    throw new ConfigError(`${flags} belongs to a preset, and --config says what to train.`, {
      file,
      remedy: 'Write it into the file, or leave --config away.',
    });
  }
  const config = options.config === undefined ? presetConfig(options) : await loadConfig(options.config);
  return checkConfig({
    ...config,
    ...(seed === undefined ? {} : { seed: seedOf(seed) }),
    engine: { ...config.engine, ...(loaders === undefined ? {} : { loaders }) },
  });
}

function presetConfig({ preset, data, setting, labelSet, method, weights }: TrainOptions): RunConfig {
  if (preset === undefined || data === undefined) {
    throw new ConfigError('nothing says what to train.', { remedy: 'Give --config, or --preset and --data.' });
  }
  return checkConfig({
    preset: {
      name: preset,
      root: resolve(data),
      ...(setting === undefined ? {} : { setting: Number(setting) }),
      ...(labelSet === undefined ? {} : { labelSet: Number(labelSet) }),
    },
    model: {
      ...(method === undefined ? {} : { method }),
      ...(weights === undefined ? {} : { weights: resolve(weights) }),
    },
  });
}

async function trainAndEvaluate(config: RunConfig, out: string): Promise<void> {
  await withRun(config, async (run, versions, signal) => {
    await trainRun(run, out, versions, signal);
    const found = await evaluateRun(run, out, versions, signal);
    process.stdout.write(`${evaluationText(found)}\n\nReport: ${join(out, 'report.html')}\n`);
  });
}
