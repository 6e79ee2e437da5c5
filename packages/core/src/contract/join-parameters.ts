import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../errors.js';
import type { ParameterRecord } from './parameters.js';

/** Who makes parameters, and how. */
export interface ParameterOwner {
  /** For the error. */
  readonly name: string;
  init(): ParameterRecord;
}

/**
 * Fresh parameters of several owners in one record, in their order; the caller owns the tensors. Where it throws, all that
 * was made is freed.
 *
 * @throws ConfigError where two owners have a parameter of one name, which would train and save as one; and what an
 * `init` throws.
 */
export function joinParameters(owners: readonly ParameterOwner[]): ParameterRecord {
  const joined: Record<string, tf.Tensor> = {};
  const ownerOf = new Map<string, string>();
  const made: tf.Tensor[] = [];
  try {
    for (const owner of owners) {
      const record = owner.init();
      made.push(...Object.values(record));
      for (const [name, tensor] of Object.entries(record)) {
        const other = ownerOf.get(name);
        if (other !== undefined) {
          throw new ConfigError(`${other} and ${owner.name} both have the parameter ${name}.`, {
            remedy: 'Give the second a prefix or names of its own.',
          });
        }
        ownerOf.set(name, owner.name);
        joined[name] = tensor;
      }
    }
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
  return joined;
}
