import { rename, rm, writeFile } from 'node:fs/promises';
import { InputError, type ParameterRecord } from '@fsmr/core';
import type { WeightArray, Weights } from './array.js';
import { toDisk } from './layout.js';
import { encodeSafetensors } from './safetensors.js';

/** What may be stored with the parameters. */
export interface SaveOptions {
  /** Put before every name, such as `encoder.`; nothing unless given. */
  readonly prefix?: string;
  /** Free text, read back by {@link parseSafetensors}. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Parameters as the arrays of a weights file: kernels in torch's layout. */
export function toWeights(parameters: ParameterRecord, prefix = ''): Weights {
  const entries = Object.entries(parameters).map(([name, tensor]): [string, WeightArray] => {
    const values = tensor.dataSync();
    const data = tensor.dtype === 'int32' ? new Int32Array(values) : new Float32Array(values);
    return [`${prefix}${name}`, toDisk({ shape: tensor.shape, data })];
  });
  return new Map(entries);
}

/**
 * Saves parameters as a safetensors file that torch programs read as a state dict. The file appears whole or not at
 * all.
 *
 * @throws InputError where it cannot be written.
 */
export async function saveSafetensors(
  file: string,
  parameters: ParameterRecord,
  { prefix = '', metadata = {} }: SaveOptions = {},
): Promise<void> {
  const bytes = encodeSafetensors(toWeights(parameters, prefix), metadata);
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, bytes);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw new InputError('the weights cannot be written.', { file, remedy: 'Check folder and free space.', cause });
  }
}
