import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import type { Grid } from '@fsmr/imaging';
import { clipTop, ctWindow, windowCt } from './intensity.js';
import { type QubiqSplit, type QubiqTask, qubiqCases, qubiqTasks, splitFolder } from './qubiq-layout.js';
import { readQubiqCase, reverseAxes } from './qubiq-read.js';
import type { PreparationRecord, StepRecord } from './record.js';
import { cutAndSample, preparedSide, squareGrid } from './region.js';
import { type PrepareControl, runPreparation } from './run.js';
import { publishedSuperpixels } from './superpixels.js';

/** What is prepared. */
export interface QubiqOptions extends PrepareControl {
  /** All tasks found when absent. */
  readonly tasks?: readonly QubiqTask[];
  /** Both when absent: training from `training`, validation from `validation`. */
  readonly splits?: readonly QubiqSplit[];
}

/** Where the raw parts lie: `training_data_v3_QC` and `validation_data_qubiq2021_QC` of the download. */
export interface QubiqFolders {
  readonly training: string;
  readonly validation: string;
}

/**
 * Prepares QUBIQ (datasets section 8.3): every task and subtask with all its raters, each split in its own folder
 * `{task}/taskTT/{Training|Validation}` below `out`. MR is clipped above its 99.5th percentile, CT to the soft tissue
 * window; labels go to the image's grid; slices are sampled to 256 x 256, each axis by its own factor. Superpixels are
 * made for training alone.
 *
 * @throws InputError where nothing is found, and for labels of more than two values.
 */
export async function prepareQubiq(
  folders: QubiqFolders,
  out: string,
  options: QubiqOptions = {},
): Promise<PreparationRecord[]> {
  const { tasks = Object.keys(qubiqTasks) as QubiqTask[], splits = ['Training', 'Validation'], ...control } = options;
  const records: PreparationRecord[] = [];
  for (const task of tasks) {
    for (const split of splits) {
      const raw = splitFolder(split === 'Training' ? folders.training : folders.validation, task, split);
      if (raw === undefined) continue;
      const found = await qubiqCases(raw);
      for (const [subtask, cases] of found.bySubtask) {
        const name = `${task.toUpperCase().replaceAll('-', '_')}_${subtask}`;
        const withLabels = cases.filter(({ masks }) => masks.size > 0);
        const left = cases.filter(({ masks }) => masks.size === 0);
        records.push(
          await runPreparation({
            ...control,
            superpixels: control.superpixels !== false && split === 'Training',
            name: `qubiq ${task} ${subtask}`,
            modality: qubiqTasks[task],
            names: ['BGD', name],
            raw,
            out: join(out, task, `task${String(subtask).padStart(2, '0')}`, split),
            cases: withLabels,
            warnings: [
              ...found.warnings,
              ...left.map(({ source }) => `${source}: there is no label of subtask ${subtask}; the case was left out.`),
            ],
            steps: stepsOf(task),
            superpixelStep: publishedSuperpixels,
            prepare: async (rawCase) => {
              const { warnings, ...volumes } = await readQubiqCase(raw, rawCase);
              return { ...prepareVolumes(task, volumes), warnings };
            },
          }),
        );
      }
    }
  }
  if (records.length === 0) {
    throw new InputError(`none of the tasks ${tasks.join(', ')} was found.`, {
      file: folders.training,
      remedy: 'Give the folders that hold the tasks, as in the QUBIQ download.',
    });
  }
  return records;
}

function stepsOf(task: QubiqTask): StepRecord[] {
  return [
    qubiqTasks[task] === 'MR'
      ? { step: 'clip', percentile: 99.5 }
      : { step: 'window', low: ctWindow[0], high: ctWindow[1], to: [0, 255] },
    { step: 'align', labels: 'nearest' },
    { step: 'resample', side: preparedSide, rounding: 'round', labels: 'per-label' },
    ...(sliceFirst(task) ? [{ step: 'reverse axes' }] : []),
  ];
}

// Files of these tasks have the slices along the first axis.
const sliceFirst = (task: QubiqTask): boolean => task.includes('pancrea');

type Volumes = Omit<Awaited<ReturnType<typeof readQubiqCase>>, 'warnings'>;

function prepareVolumes(task: QubiqTask, volumes: Volumes): Volumes {
  const intensity = qubiqTasks[task] === 'MR' ? clipTop : windowCt;
  if (!sliceFirst(task)) return cutAndSample(volumes, undefined, intensity, (grid) => squareGrid(grid, 'round'));
  // Turned first, so that the plane lies where the grid is made; resampling along each axis does not mind the order.
  const turned = {
    image: reverseAxes(volumes.image),
    labels: new Map([...volumes.labels].map(([rater, map]) => [rater, reverseAxes(map)])),
  };
  return cutAndSample(turned, undefined, intensity, (grid: Grid) => squareGrid(grid, 'round'));
}
