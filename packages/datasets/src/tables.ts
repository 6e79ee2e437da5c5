import type { Modality } from './types.js';

/** What the published programs know of a data set (datasets section 8.6). */
export interface PublishedTable {
  readonly modality: Modality;
  /** Class names by id; 0 is background. */
  readonly names: readonly string[];
  /** First positions of the cross-validation folds in the sorted scans, and the end. */
  readonly folds: readonly number[];
  /** Classes that take part in training or test. */
  readonly used: readonly number[];
  /** Classes trained with in label set 0 and 1; the others of `used` are tested. */
  readonly groups: readonly [readonly number[], readonly number[]];
}

const qubiq = (modality: Modality, name: string, folds: readonly number[]): PublishedTable => ({
  modality,
  names: ['BGD', name],
  folds,
  used: [1],
  groups: [[], [1]],
});

const short = [0, 7, 14, 21, 28];

/** Tables of the released programs. CMR has no groups there; its classes are all tested. */
export const publishedTables = {
  CHAOST2: {
    modality: 'MR',
    names: ['BG', 'LIVER', 'RK', 'LK', 'SPLEEN'],
    folds: [0, 4, 8, 12, 16, 20],
    used: [1, 2, 3, 4],
    groups: [
      [1, 4],
      [2, 3],
    ],
  },
  SABS: {
    modality: 'CT',
    names: [
      ...['BGD', 'SPLEEN', 'KID_R', 'KID_l', 'GALLBLADDER', 'ESOPHAGUS', 'LIVER', 'STOMACH', 'AORTA', 'IVC'],
      ...['PS_VEIN', 'PANCREAS', 'AG_R', 'AG_L'],
    ],
    folds: [0, 6, 12, 18, 24, 30],
    used: [1, 2, 3, 6],
    groups: [
      [1, 6],
      [2, 3],
    ],
  },
  CMR: {
    modality: 'MR',
    names: ['BG', 'LV-MYO', 'LV-BP', 'RV'],
    folds: [0, 7, 14, 21, 28, 35],
    used: [1, 2, 3],
    groups: [[], []],
  },
  CURVAS: {
    modality: 'CT',
    names: ['BGD', 'PANCREAS', 'KIDNEY', 'LIVER'],
    folds: [0, 4, 8, 12, 16, 20],
    used: [1, 2, 3],
    groups: [[1, 3], [2]],
  },
  CURVASPDAC: {
    modality: 'CT',
    names: ['BGD', 'PDAC'],
    folds: [0, 8, 16, 24, 32, 40],
    used: [1],
    groups: [[], [1]],
  },
  QUBIQ_BRAIN_GROWTH_1: qubiq('MR', 'BRAIN_GROWTH_1', [0, 7, 14, 21, 28, 34]),
  QUBIQ_BRAIN_TUMOR_1: qubiq('MR', 'BRAIN_TUMOR_1', short),
  QUBIQ_BRAIN_TUMOR_2: qubiq('MR', 'BRAIN_TUMOR_2', short),
  QUBIQ_BRAIN_TUMOR_3: qubiq('MR', 'BRAIN_TUMOR_3', short),
  QUBIQ_KIDNEY_1: qubiq('CT', 'KIDNEY_1', short),
  QUBIQ_PANCREAS_1: qubiq('CT', 'PANCREAS_1', short),
  QUBIQ_PANCREATIC_LESION_1: qubiq('CT', 'PANCREATIC_LESION_1', short),
  QUBIQ_PANCREATIC_LESION_2: qubiq('CT', 'PANCREATIC_LESION_2', short),
  QUBIQ_PROSTATE_1: qubiq('MR', 'PROSTATE_1', [0, 8, 16, 24, 32, 40, 48]),
  QUBIQ_PROSTATE_2: qubiq('MR', 'PROSTATE_2', [0, 8, 16, 24, 32, 40, 48]),
} as const satisfies Record<string, PublishedTable>;

/** The name of a table. */
export type PublishedName = keyof typeof publishedTables;

/** The classes tested with a label set: those used, without the group that is trained with (datasets section 8.6). */
export function testClasses({ used, groups }: PublishedTable, labelSet: 0 | 1): number[] {
  return used.filter((id) => !groups[labelSet].includes(id));
}

/**
 * Folds of Q-Net and RPT, as positions in the sorted scans: each share and the first scan of the next, the last share
 * with the first scan of all.
 */
export function overlappingFolds({ folds }: PublishedTable): number[][] {
  const end = folds.at(-1)!;
  return folds.slice(0, -1).map((start, fold) => {
    const last = fold === folds.length - 2;
    const stop = last ? end - 1 : folds[fold + 1]!;
    const positions = Array.from({ length: stop - start + 1 }, (_unused, offset) => start + offset);
    return last ? [...positions, 0] : positions;
  });
}
