import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { listFolder, listSubfolders } from '../folder/find-cases.js';
import { byName } from './raw.js';
import type { RawCase } from './run.js';

/** Tasks of QUBIQ by name, and what they are images of. */
export const qubiqTasks = {
  'brain-growth': 'MR',
  'brain-tumor': 'MR',
  prostate: 'MR',
  kidney: 'CT',
  pancreas: 'CT',
  'pancreatic-lesion': 'CT',
} as const satisfies Record<string, 'CT' | 'MR'>;

/** The name of a task. */
export type QubiqTask = keyof typeof qubiqTasks;

/** The two parts of the download. */
export type QubiqSplit = 'Training' | 'Validation';

/** Number of the subtask and of the rater in a label's file name; `caseTT_segRR` always means subtask 1. */
export function parseLabelName(file: string): { subtask: number; rater: number } | undefined {
  const match = /^(task|case)(\d+)_seg(\d+)\.nii\.gz$/.exec(file);
  if (match === null) return undefined;
  return { subtask: match[1] === 'case' ? 1 : Number(match[2]), rater: Number(match[3]) };
}

/** The folder with the cases of one task and split, with or without the folder of the split between. */
export function splitFolder(raw: string, task: QubiqTask, split: QubiqSplit): string | undefined {
  const own = join(raw, task, split);
  if (existsSync(own)) return own;
  const isDivided = ['Training', 'Validation'].some((name) => existsSync(join(raw, task, name)));
  return isDivided || !existsSync(join(raw, task)) ? undefined : join(raw, task);
}

/** The cases of a task and split. */
export interface QubiqCases {
  readonly bySubtask: ReadonlyMap<number, readonly RawCase[]>;
  /** Folders that were left out though they hold labels. */
  readonly warnings: readonly string[];
}

/**
 * The cases of each subtask in one folder. A case without labels of a subtask keeps its number in it; a folder without
 * image gets none (datasets section 8.3).
 *
 * @throws InputError where no case has an image or no label.
 */
export async function qubiqCases(folder: string): Promise<QubiqCases> {
  const warnings: string[] = [];
  const found: { source: string; masks: Map<number, Map<number, string>> }[] = [];
  for (const source of (await listSubfolders(folder)).sort(byName)) {
    const files = (await listFolder(join(folder, source))).map(({ name }) => name);
    if (!files.includes('image.nii.gz')) {
      if (files.some((file) => parseLabelName(file) !== undefined)) {
        warnings.push(`${source}: there are labels but no image.nii.gz; the case was left out.`);
      }
      continue;
    }
    const masks = new Map<number, Map<number, string>>();
    for (const file of files) {
      const label = parseLabelName(file);
      if (label === undefined) continue;
      const ofSubtask = masks.get(label.subtask) ?? new Map<number, string>();
      masks.set(label.subtask, ofSubtask.set(label.rater, join(source, file)));
    }
    found.push({ source, masks });
  }
  const subtasks = [...new Set(found.flatMap(({ masks }) => [...masks.keys()]))].sort((a, b) => a - b);
  if (subtasks.length === 0) {
    throw new InputError('no case with image.nii.gz and taskTT_segRR.nii.gz was found.', {
      file: folder,
      remedy: 'Unpack the QUBIQ download here: {task}/Training/{case} and {task}/Validation/{case}.',
    });
  }
  const bySubtask = new Map(
    subtasks.map((subtask) => {
      const all = ratersOf(found.map(({ masks }) => masks.get(subtask)));
      return [
        subtask,
        found.map(({ source, masks }, number) => {
          const own = [...(masks.get(subtask) ?? [])].sort(([a], [b]) => a - b);
          return {
            number,
            source,
            image: join(source, 'image.nii.gz'),
            masks: new Map(own),
            warnings: all.flatMap((rater) =>
              masks.get(subtask)?.has(rater) === true
                ? []
                : [`${source}: there is no label of rater ${rater} for subtask ${subtask}.`],
            ),
          };
        }),
      ] as const;
    }),
  );
  return { bySubtask, warnings };
}

/** The raters who labelled any of the cases, ascending. */
function ratersOf(labels: readonly (ReadonlyMap<number, string> | undefined)[]): number[] {
  return [...new Set(labels.flatMap((own) => [...(own?.keys() ?? [])]))].sort((a, b) => a - b);
}
