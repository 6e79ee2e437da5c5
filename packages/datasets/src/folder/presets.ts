import type { FolderOptions } from './options.js';

/**
 * Phase-contrast microscopy of the Boston University image library (BU-BIL): one cell a case, five persons with two
 * drawing tools each; the strokes made in Amira. Persons keep their numbers within a class, not across classes.
 */
export const bubil: FolderOptions = {
  name: 'bubil',
  raters: '*_amira',
  classes: ['rat_smooth_muscle', 'rabbit_smooth_muscle', 'fibroblast'],
  classOf: 'prefix',
  modality: 'other',
};

/**
 * Lung CT crops round one nodule (LIDC-IDRI), four readings a nodule. Reading 1 is not one person in all patients. The
 * crops are stored in 8 bits, so they are normalised one by one and not as CT.
 */
export const lidc: FolderOptions = { name: 'lidc', classes: ['nodule'], group: 'patient', modality: 'other' };
