import { readFile } from 'node:fs/promises';
import { isFsmrError, WeightsError } from '@fsmr/core';
import type { Weights } from './array.js';
import { parseNpz } from './npz.js';
import { isSafetensors, parseSafetensors } from './safetensors.js';
import { isTorchArchive, isTorchLegacy, parseTorchArchive, parseTorchLegacy } from './torch.js';
import { isZip, openZip } from './zip.js';

/**
 * Reads a weights file: torch checkpoints (`.pth`, `.pt`), safetensors or NumPy archives (`.npz`). The format is told
 * from the bytes, not from the name.
 *
 * @returns the arrays by name in the file's own layout; a state dict wrapped by a training program is unwrapped.
 * @throws WeightsError where the file is absent, of no known format or damaged. Files are taken for hostile: nothing in
 * them is executed, and every length is checked before memory is taken.
 */
export async function loadWeights(file: string): Promise<Weights> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new WeightsError('the weights file cannot be read.', { file, remedy: 'Check the path.', cause });
  }
  return parseWeights(bytes, file);
}

/** Reads the bytes of a weights file as {@link loadWeights} does. @param file named in errors. */
export function parseWeights(bytes: Uint8Array, file?: string): Weights {
  try {
    if (isZip(bytes)) return isTorchArchive(openZip(bytes)) ? parseTorchArchive(bytes) : parseNpz(bytes);
    if (isTorchLegacy(bytes)) return parseTorchLegacy(bytes);
    if (isSafetensors(bytes)) return parseSafetensors(bytes).weights;
  } catch (cause) {
    if (!isFsmrError(cause)) throw new WeightsError('the weights file is damaged.', { file, cause });
    throw new WeightsError(cause.message, { file, cause });
  }
  throw new WeightsError('this is no weights file FSMR knows.', {
    file,
    remedy: 'Give a torch checkpoint, a safetensors file or a NumPy archive.',
  });
}
