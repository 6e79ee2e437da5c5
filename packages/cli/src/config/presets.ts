import { ConfigError } from '@fsmr/core';
import { type PublishedName, publishedTables, testClasses } from '@fsmr/datasets';
import { publishedBudgets, publishedTraining } from '@fsmr/training';
import { z } from 'zod';
import { deepMerge, isRecord } from './deep-merge.js';

/** What an experiment on one prepared data set fixes. */
interface DataPreset {
  readonly table: PublishedName;
  /** Below the folder of prepared data. */
  readonly train: string;
  readonly test: string;
  readonly budget: { readonly steps: number; readonly raters: number };
}

const qubiq = (task: string, subtask: number, table: PublishedName): DataPreset => ({
  table,
  train: `${task}/task0${subtask}/Training`,
  test: `${task}/task0${subtask}/Validation`,
  budget: publishedBudgets['brain-growth'],
});

/**
 * Data sets of the paper and their relatives. JAPC reports CURVAS and QUBIQ's brain-growth task (section 3.2); the other
 * tasks of QUBIQ have no published budget and take that of brain-growth.
 */
const dataPresets = {
  curvas: { table: 'CURVAS', train: 'train', test: 'test', budget: publishedBudgets.curvas },
  'qubiq-brain-growth': qubiq('brain-growth', 1, 'QUBIQ_BRAIN_GROWTH_1'),
  'qubiq-brain-tumor-1': qubiq('brain-tumor', 1, 'QUBIQ_BRAIN_TUMOR_1'),
  'qubiq-brain-tumor-2': qubiq('brain-tumor', 2, 'QUBIQ_BRAIN_TUMOR_2'),
  'qubiq-brain-tumor-3': qubiq('brain-tumor', 3, 'QUBIQ_BRAIN_TUMOR_3'),
  'qubiq-kidney': qubiq('kidney', 1, 'QUBIQ_KIDNEY_1'),
  'qubiq-pancreas': qubiq('pancreas', 1, 'QUBIQ_PANCREAS_1'),
  'qubiq-pancreatic-lesion-1': qubiq('pancreatic-lesion', 1, 'QUBIQ_PANCREATIC_LESION_1'),
  'qubiq-pancreatic-lesion-2': qubiq('pancreatic-lesion', 2, 'QUBIQ_PANCREATIC_LESION_2'),
  'qubiq-prostate-1': qubiq('prostate', 1, 'QUBIQ_PROSTATE_1'),
  'qubiq-prostate-2': qubiq('prostate', 2, 'QUBIQ_PROSTATE_2'),
} as const satisfies Record<string, DataPreset>;

/** The names of all presets. */
export const presetNames = Object.keys(dataPresets) as readonly (keyof typeof dataPresets)[];

const presetSchema = z.strictObject({
  name: z.enum(presetNames),
  root: z.string().optional(),
  setting: z.union([z.literal(1), z.literal(2)]).default(1),
  labelSet: z.union([z.literal(0), z.literal(1)]).default(0),
});

/** A published experiment as people ask for it. */
export type PresetInput = z.input<typeof presetSchema>;

const methodNames = ['alpnet', 'dspnet', 'qnet', 'rpt'] as const;

/**
 * A configuration with everything its key `preset` stands for written out; keys of its own win. Without that key it comes
 * back as it is.
 *
 * A preset fixes data, tested classes, Setting, budget, schedule and parameter groups as published (JAPC section 3.2,
 * datasets section 8.6, training section 10). `model.method` chooses the method, and all methods learn from the same episodes,
 * those of JAPC's comparison: one slice, superpixels, both copies augmented. The scripts of Q-Net and RPT themselves
 * take supervoxels and neighbouring slices (training section 10.9), which no preset does; where the backbone's first weights lie
 * is for `model.weights` to say.
 *
 * @throws ConfigError for a preset that does not exist, or a label set that tests no class.
 */
export function expandPreset(value: unknown, file?: string): unknown {
  if (!isRecord(value) || value.preset === undefined) return value;
  const { preset, ...own } = value;
  const checked = presetSchema.safeParse(preset);
  if (!checked.success) {
    const faults = checked.error.issues.map(({ path, message }) => `${['preset', ...path].join('.')}: ${message}`);
    throw new ConfigError(`${faults.join('; ')}.`, { file, remedy: `Presets are ${presetNames.join(', ')}.` });
  }
  return deepMerge(presetConfig(checked.data, methodOf(own), file), own);
}

function methodOf({ model }: Readonly<Record<string, unknown>>): (typeof methodNames)[number] {
  const asked = isRecord(model) ? model.method : undefined;
  // What is no method at all is the schema's to report.
  return methodNames.find((name) => name === asked) ?? 'alpnet';
}

function presetConfig(
  { name, root, setting, labelSet }: z.output<typeof presetSchema>,
  method: (typeof methodNames)[number],
  file: string | undefined,
): Record<string, unknown> {
  const { table, train, test, budget } = dataPresets[name];
  const { names } = publishedTables[table];
  const tested = testClasses(publishedTables[table], labelSet).map((id) => names[id]!);
  if (tested.length === 0) {
    throw new ConfigError(`preset.labelSet: ${labelSet} of ${name} tests no class.`, { file, remedy: 'Take 0.' });
  }
  const { learningRate, momentum, weightDecay, decay, calibrationWeight, alignmentWeight, freezeBackbone } =
    publishedTraining[method].constants;
  return {
    name: `${name}, Setting ${setting}, tests ${tested.join(' and ')}: ${method}`,
    seed: 1234,
    data: {
      kind: 'prepared',
      table,
      ...(root === undefined ? {} : { folder: `${root}/${train}`, test: `${root}/${test}` }),
    },
    model: { method, backbone: method === 'qnet' || method === 'rpt' ? method : 'resnet101' },
    training: {
      ...budget,
      ...{ learningRate, momentum, weightDecay, decay, calibrationWeight, alignmentWeight, freezeBackbone },
      groups: publishedTraining.japc.constants.groups,
      styles: 'rich',
      augmentation: 'sabs_aug',
      checkpointEvery: 1000,
      ...(setting === 1 ? {} : { exclude: tested }),
    },
    evaluation: { supports: 'all', classes: tested, arms: ['base', 'japc'] },
  };
}
