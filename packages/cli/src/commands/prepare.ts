import { ConfigError } from '@fsmr/core';
import {
  type PreparationRecord,
  prepareCurvas,
  prepareQubiq,
  prepareSingleRater,
  type QubiqTask,
  qubiqTasks,
  type SingleRaterSet,
} from '@fsmr/datasets';
import { interruptSignal } from '../run/interrupt.js';
import { createProgress } from '../run/progress.js';

/** How every preparation is asked for. */
export interface PrepareOptions {
  readonly out: string;
  readonly superpixels: boolean;
  readonly verify?: boolean;
  /** Threads that cut superpixels; one for each processor when absent. */
  readonly workers?: number;
}

/** Prepares CURVAS, or the tumour set in the same layout. */
export function prepareCurvasCommand(raw: string, options: PrepareOptions & { pdac?: boolean }): Promise<string> {
  return prepared(options, async (control) => [
    await prepareCurvas(raw, options.out, { ...control, table: options.pdac === true ? 'CURVASPDAC' : 'CURVAS' }),
  ]);
}

/** Where the parts of QUBIQ lie, and which tasks are wanted. */
export interface PrepareQubiqOptions extends PrepareOptions {
  readonly validation?: string;
  readonly tasks?: readonly string[];
}

/** Prepares QUBIQ; without a validation folder, the training part alone. @throws ConfigError for an unknown task. */
export function prepareQubiqCommand(training: string, options: PrepareQubiqOptions): Promise<string> {
  const { validation, tasks } = options;
  return prepared(options, (control) =>
    prepareQubiq({ training, validation: validation ?? training }, options.out, {
      ...control,
      ...(validation === undefined ? { splits: ['Training'] as const } : {}),
      ...(tasks === undefined ? {} : { tasks: tasks.map(taskOf) }),
    }),
  );
}

function taskOf(name: string): QubiqTask {
  if (Object.hasOwn(qubiqTasks, name)) return name as QubiqTask;
  throw new ConfigError(`there is no QUBIQ task ${JSON.stringify(name)}.`, {
    remedy: `Choose from ${Object.keys(qubiqTasks).join(', ')}.`,
  });
}

/** Prepares a set with one rater. */
export function prepareSingleRaterCommand(set: SingleRaterSet, raw: string, options: PrepareOptions): Promise<string> {
  return prepared(options, async (control) => [await prepareSingleRater(set, raw, options.out, control)]);
}

type Control = NonNullable<Parameters<typeof prepareSingleRater>[3]>;

async function prepared(
  { superpixels, verify = false, workers }: PrepareOptions,
  run: (control: Control) => Promise<PreparationRecord[]>,
): Promise<string> {
  const { signal, release } = interruptSignal();
  const progress = createProgress('Preparing');
  try {
    const records = await run({
      signal,
      superpixels,
      verify,
      workers,
      onCase: ({ done, cases, source, reused }) =>
        progress.update(done, cases, `${source}${reused ? ' was there' : ''}`),
    });
    return records.map(recordText).join('\n');
  } finally {
    progress.finish();
    release();
  }
}

function recordText({ name, cases, raters, names, warnings: ofSet = [] }: PreparationRecord): string {
  const warnings = [...ofSet, ...cases.flatMap((one) => one.warnings)].map((warning) => `  ${warning}`);
  const what = `${name}: ${cases.length} cases, raters ${raters.join(', ')}, classes ${names.slice(1).join(', ')}`;
  return [what, ...warnings].join('\n');
}
