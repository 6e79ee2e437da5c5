import { appendFile } from 'node:fs/promises';
import { ConfigError, WeightsError } from '@fsmr/core';
import { evaluationSchema } from '../config/evaluation.js';
import type { RunConfig } from '../config/schema.js';
import { canonical } from '../report/config-identity.js';
import { trainedArms } from './arms.js';
import { readIfThere, sha256Of, writeJson } from './files.js';
import type { RunFolder } from './folder.js';
import type { Learning } from './learning.js';
import { recordFiles } from './records.js';
import type { Shard } from './shard.js';
import type { Versions } from './versions.js';

/** What the counts of a record file depend on, written beside it. */
export interface Provenance {
  readonly versions: Pick<Versions, 'fsmr' | 'tfjs' | 'backend'>;
  /** SHA-256 of each weights file, by the name of what was trained. */
  readonly weights: Readonly<Record<string, string>>;
  /** What was asked; arms and cases may change between visits. */
  readonly evaluation: RunConfig['evaluation'];
  /** SHA-256 of image and masks of each evaluated scan, by its id; earlier versions wrote none. */
  readonly data?: Readonly<Record<string, string>>;
  /** How each arm learned that trains in the evaluation; earlier versions wrote none. */
  readonly learning?: Learning;
  /** The share this file holds, where the evaluation was divided. */
  readonly shard?: Shard;
}

/** Where the provenance of a record file is. */
export function provenanceFile(records: string): string {
  return records.replace(/\.jsonl$/, '.json');
}

/** SHA-256 of the weights files a configuration's arms need. @throws WeightsError where one is not trained. */
export async function weightsOf(config: RunConfig, folder: RunFolder): Promise<Record<string, string>> {
  const hashes = trainedArms(config).map(async (arm) => {
    const file = folder.weights(arm);
    const hash = await sha256Of(file).catch((cause: unknown) => {
      const remedy = 'Run `fsmr train` with this configuration first.';
      throw new WeightsError(`arm ${arm} is not trained.`, { file, cause, remedy });
    });
    return [arm, hash] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

/** What an evaluation of a run depends on. @throws WeightsError where an arm is not trained. */
export async function provenanceOf(
  config: RunConfig,
  folder: RunFolder,
  { fsmr, tfjs, backend }: Versions,
  { data, learning }: Required<Pick<Provenance, 'data' | 'learning'>>,
  shard?: Shard,
): Promise<Provenance> {
  return {
    versions: { fsmr, tfjs, backend },
    weights: await weightsOf(config, folder),
    evaluation: config.evaluation,
    data,
    learning,
    ...(shard === undefined ? {} : { shard }),
  };
}

/** The provenance beside a record file; nothing where there is none, as earlier versions wrote none. */
export async function readProvenance(records: string): Promise<Provenance | undefined> {
  const file = provenanceFile(records);
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  try {
    const found = JSON.parse(bytes.toString()) as Provenance;
    // Parsed anew, so that keys which got a default since then do not count as a difference.
    return { ...found, evaluation: evaluationSchema.parse(found.evaluation) };
  } catch (cause) {
    throw new ConfigError('is damaged.', { file, cause, remedy: `Delete it and ${records} to evaluate again.` });
  }
}

/**
 * Checks that the record files of a folder were made by what would add to them now.
 *
 * @throws ConfigError that names the first file made with other weights, versions or data.
 */
export async function checkRecords(evaluation: string, own: Provenance): Promise<void> {
  for (const file of await recordFiles(evaluation)) await checkProvenance(file, own);
}

/** Writes down what makes the lines of a record file from now on; a share may have none, and is a file all the same. */
export async function claimRecords(records: string, own: Provenance): Promise<void> {
  await writeJson(provenanceFile(records), joined(await readProvenance(records), own));
  await appendFile(records, '');
}

/** What made lines of a file before and now: arms and scans that are not asked for today still did. */
export function joined(before: Provenance | undefined, own: Provenance): Provenance {
  return {
    ...own,
    weights: { ...before?.weights, ...own.weights },
    data: { ...before?.data, ...own.data },
    learning: { ...before?.learning, ...own.learning },
  };
}

/** @throws ConfigError where a record file was made with other weights, versions or data than these. */
export async function checkProvenance(records: string, own: Provenance): Promise<void> {
  const known = await readProvenance(records);
  if (known === undefined) return;
  const refuse = (fault: string): never => {
    throw new ConfigError(fault, {
      file: records,
      remedy: 'Use what made it, or delete it to evaluate its episodes again.',
    });
  };
  for (const [name, hash] of Object.entries(own.weights)) {
    if ((known.weights[name] ?? hash) !== hash) refuse(`was made with other weights of ${name}.`);
  }
  for (const [id, hash] of Object.entries(own.data ?? {})) {
    if ((known.data?.[id] ?? hash) !== hash)
      refuse(`was made with another ${id}: its image or masks have changed since.`);
  }
  for (const [arm, now] of Object.entries(own.learning ?? {})) {
    const before = known.learning?.[arm] ?? now;
    if (before.start !== now.start) refuse(`was made with an ${arm} that starts from other weights.`);
    if (before.scans !== now.scans) refuse(`was made with an ${arm} whose training scans have changed since.`);
    if (canonical(before.settings) !== canonical(now.settings)) refuse(`was made with other settings of ${arm}.`);
  }
  for (const name of ['fsmr', 'tfjs', 'backend'] as const) {
    const [then, now] = [known.versions[name], own.versions[name]];
    if (then !== now) refuse(`was made with ${name} ${then}, and this is ${now}.`);
  }
}
