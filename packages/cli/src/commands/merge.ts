import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError, InputError } from '@fsmr/core';
import { loadConfig } from '../config/load.js';
import type { RunConfig } from '../config/schema.js';
import { sameTraining } from '../run/adopt.js';
import { copyAtomically, exists, sha256Of, writeJson } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import {
  checkProvenance,
  joined,
  type Provenance,
  provenanceFile,
  readProvenance,
  weightsOf,
} from '../run/provenance.js';
import { openRecords, recordFiles } from '../run/records.js';

/** Records of several folders that belong together. */
export interface MergeableRuns {
  readonly folders: readonly string[];
  /** The configuration all share, with the evaluation that was asked for. */
  readonly config: RunConfig;
  readonly files: readonly string[];
  /** What made the records of all files together. */
  readonly provenance: Provenance;
  /** Shares of a divided evaluation that none of the folders hold, such as `3/4`. */
  readonly missingShards: readonly string[];
}

/**
 * Checks that the evaluated episodes of several run folders may stand in one table: one training run, the same weights,
 * versions and evaluation.
 *
 * @throws ConfigError or InputError that names the file that differs, and what to do about it.
 */
export async function checkMergeable(folders: readonly string[]): Promise<MergeableRuns> {
  const [first] = folders as [string];
  const config = await loadConfig(runFolder(first).config);
  const found: { readonly file: string; readonly provenance: Provenance }[] = [];
  for (const folder of folders) {
    if (!sameTraining(await loadConfig(runFolder(folder).config), config)) {
      throw new ConfigError(`belongs to another training run than ${first}.`, {
        file: runFolder(folder).config,
        remedy: 'Merge shards of one trained folder: copy it to each machine, then evaluate a shard there.',
      });
    }
    const files = await recordFiles(runFolder(folder).evaluation);
    if (files.length === 0) {
      throw new InputError('holds no evaluated episode.', {
        file: folder,
        remedy: `Run \`fsmr evaluate --run ${folder} --shard i/n\` first.`,
      });
    }
    for (const file of files) found.push({ file, provenance: await knownProvenance(file) });
  }
  // Records of a whole evaluation from before may have been asked for other arms; what was divided must be one.
  const reference = found.find((one) => one.provenance.shard !== undefined) ?? found[0]!;
  // What one file does not say of an arm or a scan, another may.
  let provenance = reference.provenance;
  for (const other of found) {
    await checkProvenance(other.file, provenance);
    const divided = other.provenance.shard !== undefined;
    if (divided || reference.provenance.shard === undefined) {
      checkAsked(other.file, reference.file, other.provenance, reference.provenance);
    }
    provenance = joined(other.provenance, provenance);
  }
  const merged = { ...config, evaluation: provenance.evaluation };
  await checkWeights(first, merged, provenance);
  const missingShards = missingOf(found.map((one) => one.provenance));
  return { folders, config: merged, files: found.map(({ file }) => file), provenance, missingShards };
}

/**
 * Brings the records of several folders into one that `fsmr evaluate` and `fsmr report` read like any other run folder.
 * The folders merged stay as they are, and so does what the target already holds.
 *
 * @throws ConfigError where the target holds another run.
 */
export async function mergeRecords(runs: MergeableRuns, out: string): Promise<void> {
  const { folders, files, provenance, config } = runs;
  const [from, to] = [runFolder(folders[0]!), runFolder(out)];
  await checkTarget(out, runs);
  if (!(await exists(from.versions))) {
    throw new ConfigError('is not there, which says what trained the weights.', {
      file: from.versions,
      remedy: 'Copy it from the run folder that the weights are from.',
    });
  }
  const weights = (await readdir(join(from.root, 'weights'))).map((name) => join('weights', name));
  await mkdir(join(out, 'weights'), { recursive: true });
  for (const name of [...weights, 'versions.json', 'config.json']) {
    if (!(await exists(join(out, name)))) await copyAtomically(join(from.root, name), join(out, name));
  }
  const { shard: _oneOfMany, ...whole } = provenance;
  // First, since records that do not say what made them could not be merged again after a kill.
  await writeJson(provenanceFile(to.records), whole);
  const records = await openRecords(to.records, files);
  await records.settle([], config.evaluation.arms);
}

/** The folders to merge; what already is in the target is one of them. */
export async function withTarget(runs: readonly string[], out: string): Promise<string[]> {
  const all = [...runs, ...((await recordFiles(runFolder(out).evaluation)).length > 0 ? [out] : [])];
  return all.filter((folder, index) => all.findIndex((other) => resolve(other) === resolve(folder)) === index);
}

/** A target is empty, or holds the same run. */
async function checkTarget(out: string, { folders, config, provenance }: MergeableRuns): Promise<void> {
  const { config: file, weights } = runFolder(out);
  const remedy = 'Choose another folder for --out, or delete this one.';
  if ((await exists(file)) && !sameTraining(await loadConfig(file), config)) {
    throw new ConfigError(`belongs to another training run than ${folders[0]}.`, { file, remedy });
  }
  for (const [name, hash] of Object.entries(provenance.weights)) {
    const own = weights(name);
    if ((await exists(own)) && (await sha256Of(own)) !== hash) {
      throw new ConfigError('is not what the records were made with.', { file: own, remedy });
    }
  }
}

async function knownProvenance(file: string): Promise<Provenance> {
  const found = await readProvenance(file);
  if (found !== undefined) return found;
  throw new ConfigError('does not say what made it.', {
    file,
    remedy: 'Evaluate its folder once more with this version, which writes that down and repeats nothing.',
  });
}

function checkAsked(file: string, first: string, { evaluation }: Provenance, reference: Provenance): void {
  const asked = ({ panels: _shown, nan: _summed, ...rest }: RunConfig['evaluation']): string => JSON.stringify(rest);
  if (asked(evaluation) === asked(reference.evaluation)) return;
  throw new ConfigError(`was asked for other arms, supports or classes than ${first}.`, {
    file: provenanceFile(file),
    remedy: 'Evaluate all shards with the same configuration.',
  });
}

async function checkWeights(folder: string, config: RunConfig, { weights }: Provenance): Promise<void> {
  for (const [name, hash] of Object.entries(await weightsOf(config, runFolder(folder)))) {
    if (weights[name] === hash) continue;
    throw new ConfigError('is not what the records were made with.', {
      file: runFolder(folder).weights(name),
      remedy: 'Name the folder first that still has the weights of the evaluation.',
    });
  }
}

function missingOf(all: readonly Provenance[]): string[] {
  const shards = all.flatMap(({ shard }) => shard ?? []);
  const counts = new Set(shards.map(({ count }) => count));
  return [...counts].flatMap((count) => {
    const held = new Set(shards.filter((shard) => shard.count === count).map(({ index }) => index));
    return Array.from({ length: count }, (_, index) => index + 1)
      .filter((index) => !held.has(index))
      .map((index) => `${index}/${count}`);
  });
}
