import { availableParallelism } from 'node:os';
import { ConfigError, InputError, InterruptedError } from '@fsmr/core';
import { type EpisodeRecords, episodeKey, evaluate, type LessonEpisodes } from '@fsmr/training';
import type { RunConfig } from '../config/schema.js';
import { checkAdopted } from '../run/adopt.js';
import { type PlannedEvaluation, planEvaluation } from '../run/evaluation-plan.js';
import { runInWorkers } from '../run/evaluation-pool.js';
import { episodeCount, evaluationTasks, learningText, learnsInEvaluation, openTasks } from '../run/evaluation-tasks.js';
import type { FeatureCache } from '../run/feature-cache.js';
import { type RunFolder, runFolder } from '../run/folder.js';
import { type Learning, learningOf } from '../run/learning.js';
import { drawPanels } from '../run/panels.js';
import { openPredictions, type Predictions, writePrediction } from '../run/predictions.js';
import { createProgress } from '../run/progress.js';
import { checkRecords, claimRecords, provenanceOf } from '../run/provenance.js';
import { openRecords, type Records } from '../run/records.js';
import { scanHashes } from '../run/scan-hashes.js';
import { type OpenSegmenters, openSegmenters } from '../run/segmenters.js';
import { lessonsOfShard, type Shard } from '../run/shard.js';
import type { Versions } from '../run/versions.js';
import { type Evaluation, evaluationOf, writeResults } from '../run/write-results.js';

/** How an evaluation is computed; results do not depend on it. */
export interface EvaluateOptions {
  /** Child processes, with a share of the threads each; 1 works in this process. */
  readonly workers?: number | undefined;
  /** Where features are kept for other processes and later evaluations. */
  readonly cache?: FeatureCache | undefined;
  /** A folder that gets every mask; what it lacks of episodes that are counted already is segmented once more. */
  readonly predictions?: string | undefined;
}

/**
 * Evaluates the trained arms of a run folder and writes tables, overlays and the report. Episodes already evaluated, by
 * whatever shard or number of workers, are never computed again.
 *
 * @throws InterruptedError when the signal came; what was evaluated is in the folder. EngineError where a worker died with work undone.
 */
export async function evaluateRun(
  config: RunConfig,
  out: string,
  versions: Versions,
  signal: AbortSignal,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const run = await openRun(config, out, versions, options);
  try {
    await finishEpisodes(run, run.plan.lessons, signal, options);
    return await writeTables(run);
  } finally {
    run.opened.dispose();
  }
}

/**
 * Evaluates one share of a run's episodes into a record file of its own, and makes no tables.
 *
 * @returns the record file
 * @throws as {@link evaluateRun}
 */
export async function evaluateShard(
  config: RunConfig,
  out: string,
  versions: Versions,
  signal: AbortSignal,
  { shard, ...options }: EvaluateOptions & { readonly shard: Shard },
): Promise<string> {
  const run = await openRun(config, out, versions, options, shard);
  try {
    await finishEpisodes(run, lessonsOfShard(askedLessons(run), shard), signal, options, shard);
    return run.folder.shardRecords(shard.index, shard.count);
  } finally {
    run.opened.dispose();
  }
}

/**
 * Writes the tables of a run whose episodes are all evaluated, and computes none.
 *
 * @param versions those that made the records
 * @throws InputError where episodes are open.
 */
export async function tabulateRun(config: RunConfig, out: string, versions: Versions): Promise<Evaluation> {
  const folder = runFolder(out);
  const plan = await planEvaluation(config);
  const records = await openRecords(folder.records);
  const tasks = evaluationTasks(plan.lessons, config.evaluation);
  const open = openTasks(tasks, isCounted(records));
  if (open.length > 0) {
    const { className, supportScan } = open[0]!.episodes[0]!;
    throw new InputError(
      `${episodeCount(open)} of ${episodeCount(tasks)} episodes are not evaluated, the first of arm ${open[0]!.arm}: ${className} by ${supportScan}.`,
      {
        file: out,
        remedy: `Add the shards that are missing, or compute the rest with \`fsmr evaluate --run ${out}\`.`,
      },
    );
  }
  const opened = await openSegmenters(config, folder, plan.dataset, plan.statistics);
  try {
    return await writeTables({ config, versions, folder, plan, records, opened });
  } finally {
    opened.dispose();
  }
}

/** The lessons that an arm is asked for: where few supports learn, others may have none. */
function askedLessons({ config, plan: { lessons } }: OpenRun): LessonEpisodes[] {
  const tasks = evaluationTasks(lessons, config.evaluation);
  const asked = new Set(tasks.flatMap(({ episodes }) => episodes.map(episodeKey)));
  return lessons.filter(({ episodes }) => episodes.some((episode) => asked.has(episodeKey(episode))));
}

/** Every scan that some episode reads. */
function scansOf(lessons: readonly LessonEpisodes[]): Set<string> {
  return new Set(
    lessons.flatMap(({ supportScan, episodes }) => [supportScan, ...episodes.map((one) => one.queryScan)]),
  );
}

interface OpenRun {
  readonly config: RunConfig;
  readonly versions: Versions;
  readonly folder: RunFolder;
  readonly plan: PlannedEvaluation;
  readonly records: Records;
  readonly opened: OpenSegmenters;
  readonly learning: Learning;
  readonly predictions?: Predictions | undefined;
}

async function openRun(
  config: RunConfig,
  out: string,
  versions: Versions,
  { workers = 1, cache, predictions: masks }: EvaluateOptions,
  shard?: Shard,
): Promise<OpenRun> {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new ConfigError(`--workers is ${workers}.`, { remedy: 'Give a whole number of at least 1.' });
  }
  const folder = runFolder(out);
  await checkAdopted(folder, config);
  const plan = await planEvaluation(config);
  const data = await scanHashes(plan.dataset, scansOf(plan.lessons));
  const learning = await learningOf(config, folder, plan.dataset);
  const provenance = await provenanceOf(config, folder, versions, { data, learning }, shard);
  await checkRecords(folder.evaluation, provenance);
  const opened = await openSegmenters(config, folder, plan.dataset, plan.statistics, { cache, learning, shard });
  try {
    const file = shard === undefined ? folder.records : folder.shardRecords(shard.index, shard.count);
    const predictions = masks === undefined ? undefined : await openPredictions(masks, provenance, shard);
    await claimRecords(file, provenance);
    const records = await openRecords(file);
    return { config, versions, folder, plan, opened, learning, predictions, records };
  } catch (error) {
    opened.dispose();
    throw error;
  }
}

const isCounted = (records: Records) => (key: string, arm: string) => records.get(key, arm) !== undefined;

/** Evaluates what is open of these lessons. */
async function finishEpisodes(
  { config, folder, plan, records, opened, learning, predictions }: OpenRun,
  lessons: readonly LessonEpisodes[],
  signal: AbortSignal,
  { workers = 1, cache, predictions: masks }: EvaluateOptions,
  shard?: Shard,
): Promise<void> {
  // Which supports learn is a matter of the whole plan, whatever share of it is done here.
  const mine = new Set(lessons.flatMap(({ episodes }) => episodes.map(episodeKey)));
  const all = openTasks(evaluationTasks(plan.lessons, config.evaluation), (key) => !mine.has(key));
  const isDone = (key: string, arm: string): boolean =>
    isCounted(records)(key, arm) && predictions?.has(key, arm) !== false;
  const tasks = openTasks(all, isDone);
  const total = episodeCount(all);
  let done = total - episodeCount(tasks);
  const progress = createProgress('Evaluating');
  const onEpisode = async (key: string, result: EpisodeRecords): Promise<void> => {
    await records.add(key, result);
    await predictions?.add(key, result.arm);
    progress.update(++done, total);
  };
  const onLearning = (text: string): void => progress.update(done, total, text);
  try {
    if (workers > 1) {
      const threads = Math.max(1, Math.floor((config.engine.threads ?? availableParallelism()) / workers));
      const { statistics } = plan;
      const setup = {
        config: { ...config, engine: { ...config.engine, threads } },
        out: folder.root,
        learning,
        ...(statistics === undefined ? {} : { statistics }),
        ...(cache === undefined ? {} : { cache }),
        ...(masks === undefined ? {} : { predictions: masks }),
        ...(shard === undefined ? {} : { shard }),
      };
      await runInWorkers({ workers, setup, tasks, signal, onEpisode, onLearning });
    } else {
      for (const { arm, episodes } of tasks) {
        await evaluate({
          dataset: plan.dataset,
          segmenters: opened.segmenters.filter(({ name }) => name === arm),
          episodes,
          seed: config.seed,
          signal,
          onEpisode,
          ...(masks === undefined ? {} : { onPrediction: (made) => writePrediction(masks, made) }),
          onLearning: (...told) => onLearning(learningText(...told)),
        });
      }
    }
  } finally {
    progress.finish();
  }
  if (done < total) {
    throw new InterruptedError(`evaluation stopped after ${done} of ${total} episodes.`, {
      remedy: 'Give the same command again to go on.',
    });
  }
}

/** Tables in the order of the plan, so that an interrupted evaluation sums in the order an uninterrupted one does. */
async function writeTables({
  config,
  versions,
  folder,
  plan,
  records,
  opened,
}: Omit<OpenRun, 'learning' | 'predictions'>): Promise<Evaluation> {
  const { arms } = config.evaluation;
  await records.settle(plan.keys, arms);
  const asked = new Set(
    evaluationTasks(plan.lessons, config.evaluation).flatMap(({ arm, episodes }) =>
      episodes.map((episode) => `${arm} ${episodeKey(episode)}`),
    ),
  );
  const results = plan.keys.flatMap((key) =>
    arms.flatMap((arm) => (asked.has(`${arm} ${key}`) ? (records.get(key, arm) ?? []) : [])),
  );
  const found = evaluationOf(results, config.evaluation, plan.dataset.raters);
  const panels = await drawPanels({
    dataset: plan.dataset,
    // Pictures are not worth training once more.
    segmenters: opened.segmenters.filter((_, index) => !learnsInEvaluation(arms[index]!)),
    lessons: plan.lessons,
    folder,
    seed: config.seed,
    count: config.evaluation.panels,
  });
  await writeResults({
    folder,
    dataset: plan.dataset,
    config,
    versions,
    records: results,
    found,
    panels,
    parameters: opened.parameters,
  });
  return found;
}
