import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, InputError } from '@fsmr/core';
import type { CountRecord } from '@fsmr/metrics';
import type { ArmSummary } from '@fsmr/training';
import { checkConfig } from '../config/load.js';
import type { RunConfig } from '../config/schema.js';
import { namesIn, readableJson, sha256Of } from '../run/files.js';
import { type RunFolder, runFolder } from '../run/folder.js';
import { readRecords, recordFiles } from '../run/records.js';
import type { Versions } from '../run/versions.js';
import { canonical } from './config-identity.js';

/** What a report reads from a run folder. */
export interface RunResults {
  readonly folder: string;
  /** What was trained, with the evaluation that was done last. */
  readonly config: RunConfig;
  readonly versions: Versions;
  /** The counts of the last evaluation, by arm in its order. */
  readonly records: ReadonlyMap<string, readonly CountRecord[]>;
  /** The raters in the order of the data set; earlier versions wrote none. */
  readonly raters?: readonly string[];
  /** SHA-256 of each trained file, by the name of what was trained. */
  readonly weights: Readonly<Record<string, string>>;
  /** Where the run is a cell of a sweep: its label on each axis. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The labels of the cell it is a variant of, finished or not. */
  readonly reference?: Readonly<Record<string, string>>;
  /** The configuration it was evaluated with, where that asks for something else than the one it was trained with. */
  readonly evaluationConfig?: string;
  /** The commands that made it, where a sweep wrote them down. */
  readonly commands?: readonly string[];
}

/** What `metrics.json` says of an arm, as far as it is read here. */
type TabledArm = Pick<ArmSummary, 'arm'> & {
  readonly byRater?: ArmSummary['byRater'];
  readonly supports: readonly Pick<ArmSummary['supports'][number], 'support' | 'class'>[];
};

/**
 * Reads an evaluated run folder. Episodes of an earlier evaluation that the last one did not ask for are left out.
 *
 * @throws ConfigError where the folder holds no run; InputError where it is not evaluated or damaged.
 */
export async function readRunResults(folder: string): Promise<RunResults> {
  const files = runFolder(folder);
  const trained = await readJson(files.config, 'holds no run.', 'Run `fsmr train` into it first.');
  const metrics = await readJson(files.metrics, 'is not evaluated.', `Run \`fsmr evaluate --run ${folder}\` first.`);
  const {
    config: asked,
    versions,
    arms,
    queries,
  } = metrics as {
    config: unknown;
    versions: Versions;
    arms?: readonly TabledArm[];
    queries?: readonly string[];
  };
  if (arms === undefined) {
    throw new InputError('holds no tables.', {
      file: files.metrics,
      remedy: `Run \`fsmr evaluate --run ${folder}\` again; no episode is computed twice.`,
    });
  }
  const { evaluation } = checkConfig(asked, files.metrics);
  const begun = checkConfig(trained, files.config);
  const config = { ...begun, evaluation };
  const records = await recordsOf(files.evaluation, arms, queries);
  if (records.size === 0) {
    throw new InputError('has no record of an episode.', {
      file: folder,
      remedy: `Run \`fsmr evaluate --run ${folder}\` again.`,
    });
  }
  return {
    folder,
    config,
    versions,
    records,
    ...(arms[0]?.byRater !== undefined && { raters: Object.keys(arms[0].byRater) }),
    weights: await hashes(join(folder, 'weights')),
    ...(canonical(begun.evaluation) !== canonical(evaluation) && (await evaluatedWith(asked, files))),
  };
}

/** The file the tables were asked for with; a kill may have left that of tables which were never written. */
async function evaluatedWith(asked: unknown, { evaluationConfig }: RunFolder): Promise<Partial<RunResults>> {
  const written = await readableJson<unknown>(evaluationConfig);
  return canonical(written) === canonical(asked) ? { evaluationConfig } : {};
}

async function readJson(file: string, fault: string, remedy: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(fault, { file: dirname(file), cause, remedy });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError('is damaged.', { file, cause, remedy });
  }
}

/**
 * The counts behind the tables of the last evaluation, by arm, from every record file of the folder.
 * @param queries the scans that were segmented; earlier versions did not write them down.
 */
async function recordsOf(
  folder: string,
  arms: readonly TabledArm[],
  queries: readonly string[] | undefined,
): Promise<Map<string, CountRecord[]>> {
  const asked = queries === undefined ? undefined : new Set(queries);
  const known = await readRecords(await recordFiles(folder));
  const entries = arms.map(({ arm, supports }): [string, CountRecord[]] => {
    // A name in a configuration may be a position, and arms that learn may have fewer supports: the tables know.
    const tabled = new Set(supports.map((one) => lessonKey(one.class, one.support)));
    const episodes = [...(known.get(arm)?.values() ?? [])];
    const isTabled = (record: CountRecord): boolean =>
      tabled.has(lessonKey(record.class, record.support ?? '')) && asked?.has(record.scan) !== false;
    return [arm, episodes.flatMap(({ records }) => records.filter(isTabled))];
  });
  return new Map(entries.filter(([, records]) => records.length > 0));
}

const lessonKey = (name: string, support: string): string => JSON.stringify([name, support]);

async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.safetensors')).sort();
  const entries = names.map(async (name) => [
    name.slice(0, -'.safetensors'.length),
    await sha256Of(join(folder, name)),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}
