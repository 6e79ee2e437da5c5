import { compileEncoder } from '@fsmr/backbones';
import { encoderPrefix, InterruptedError, isModelBuffer, withPrefix } from '@fsmr/core';
import { type Dataset, type EvaluationEpisode, evaluationEpisodes, trainingStatistics } from '@fsmr/datasets';
import {
  type Arm,
  type ArmComparison,
  type ArmSummary,
  compareArms,
  createFeatureStore,
  type EpisodeRecords,
  episodeKey,
  evaluate,
  type FeatureStore,
  pairedSupports,
  summarise,
} from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { buildDataset, classIds, splitScans } from '../config/dataset.js';
import { buildBackbone } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import { reportPage } from '../report/report.js';
import { comparisonRows, csvLine, diceRows, markdownTable } from '../report/tables.js';
import { checkAdopted } from '../run/adopt.js';
import { appendJsonLine, dropUnfinishedLine, readJsonLines, writeAtomically, writeJson } from '../run/files.js';
import { type RunFolder, runFolder } from '../run/folder.js';
import { loadArm } from '../run/load-arm.js';
import { drawPanels } from '../run/panels.js';
import { createProgress } from '../run/progress.js';
import type { Versions } from '../run/versions.js';

/** What an evaluation found. */
export interface Evaluation {
  readonly arms: readonly ArmSummary[];
  readonly comparisons: readonly ArmComparison[];
}

interface RecordLine {
  readonly key: string;
  readonly results: readonly EpisodeRecords[];
}

/**
 * Evaluates the trained arms of a run folder and writes tables, overlays and the report. Episodes already evaluated are
 * never computed again.
 *
 * @throws InterruptedError when the signal came; what was evaluated is in the folder.
 */
export async function evaluateRun(
  config: RunConfig,
  out: string,
  versions: Versions,
  signal: AbortSignal,
): Promise<Evaluation> {
  const folder = runFolder(out);
  await checkAdopted(folder, config);
  const dataset = await buildDataset(config);
  const { training, evaluation } = splitScans(dataset, config);
  const ids = evaluation.map(({ id }) => id);
  const statistics = await trainingStatistics(
    dataset,
    training.map(({ id }) => id),
  );
  const { supports, classes } = config.evaluation;
  const plan = await evaluationEpisodes(dataset, {
    supports: supports === 'all' ? ids : supports,
    queries: ids,
    ...(classes === undefined ? {} : { classes: classIds(dataset, classes) }),
  });
  for (const { reason, supportScan, queryScan } of plan.skipped) {
    process.stderr.write(`Left out ${supportScan ?? queryScan ?? 'a scan'}: ${reason}\n`);
  }
  const episodes = [...plan];
  const arms = await Promise.all(config.evaluation.arms.map((name) => loadArm(config, folder, name)));
  const stores = new Map<string, FeatureStore>();
  const compiled = arms.map(({ arm, weights }) => {
    const known = stores.get(weights);
    if (known !== undefined) return [arm.name, known] as const;
    const encoder = compileEncoder(buildBackbone(config.model), withPrefix(arm.parameters, encoderPrefix));
    const store = createFeatureStore((images) => encoder.encode(images), statistics);
    const both: FeatureStore = {
      of: store.of,
      dispose: () => {
        store.dispose();
        encoder.dispose();
      },
    };
    stores.set(weights, both);
    return [arm.name, both] as const;
  });
  const features = Object.fromEntries(compiled);
  const inputs = { dataset, arms: arms.map(({ arm }) => arm), features, folder, episodes, signal };
  try {
    const found = await runEpisodes(inputs);
    const panels = await drawPanels({ ...inputs, count: config.evaluation.panels });
    const parameters = Object.fromEntries(arms.map(({ arm }) => [arm.name, parameterCount(arm)]));
    await writeResults({ folder, dataset, config, versions, found, panels, parameters });
    return found;
  } finally {
    for (const store of stores.values()) store.dispose();
    for (const weights of new Set(arms.map(({ arm }) => arm.parameters))) tf.dispose(Object.values(weights));
  }
}

interface Running {
  readonly dataset: Dataset;
  readonly arms: readonly Arm[];
  readonly features: Readonly<Record<string, FeatureStore>>;
  readonly folder: RunFolder;
  readonly episodes: readonly EvaluationEpisode[];
  readonly signal: AbortSignal;
}

async function runEpisodes({ folder, episodes, ...inputs }: Running): Promise<Evaluation> {
  const wanted = new Set(episodes.map(episodeKey));
  const names = inputs.arms.map(({ name }) => name);
  const complete = ({ key, results }: RecordLine): boolean =>
    wanted.has(key) && names.every((name) => results.some(({ arm }) => arm === name));
  await dropUnfinishedLine(folder.records);
  // An episode has two lines where it was evaluated again with more arms; the last one counts.
  const known = (await readJsonLines<RecordLine>(folder.records)).filter(complete);
  const lines = new Map(known.map(({ key, results }) => [key, results]));
  const done = new Set(lines.keys());
  const progress = createProgress('Evaluating');
  await evaluate({
    ...inputs,
    episodes,
    done,
    onEpisode: async (key, results) => {
      lines.set(key, results);
      done.add(key);
      progress.update(done.size, episodes.length);
      await appendJsonLine(folder.records, { key, results });
    },
  });
  progress.finish();
  if (done.size < episodes.length) {
    throw new InterruptedError(`evaluation stopped after ${done.size} of ${episodes.length} episodes.`, {
      remedy: 'Give the same command again to go on.',
    });
  }
  // In the order of the plan, so that an interrupted evaluation sums in the order an uninterrupted one does.
  const results = episodes.flatMap((episode) =>
    lines.get(episodeKey(episode))!.filter(({ arm }) => names.includes(arm)),
  );
  const arms = summarise(results).sort((a, b) => names.indexOf(a.arm) - names.indexOf(b.arm));
  const japc = arms.find(({ arm }) => arm === 'japc');
  if (japc === undefined) return { arms, comparisons: [] };
  // One support is no sample; the table stands without a test then.
  const others = arms.filter((other) => other !== japc && pairedSupports(japc, other).length > 1);
  return { arms, comparisons: others.map((other) => compareArms(japc, other)) };
}

/** How many numbers of an arm were trained; running statistics were not. */
function parameterCount({ model, parameters }: Arm): number {
  return Object.entries(parameters).reduce((sum, [name, { size }]) => sum + (isModelBuffer(model, name) ? 0 : size), 0);
}

interface Results {
  readonly folder: RunFolder;
  readonly dataset: Dataset;
  readonly config: RunConfig;
  readonly versions: Versions;
  readonly found: Evaluation;
  readonly panels: Awaited<ReturnType<typeof drawPanels>>;
  readonly parameters: Readonly<Record<string, number>>;
}

async function writeResults({ folder, dataset, config, versions, found, panels, parameters }: Results): Promise<void> {
  const { arms, comparisons } = found;
  await writeJson(folder.metrics, { config, versions, arms, comparisons, parameters });
  const csv = arms.flatMap(({ arm, supports }) =>
    supports.flatMap((support) =>
      Object.entries(support.byRater).map(([rater, dice]) =>
        csvLine([arm, support.class, support.support, rater, dice]),
      ),
    ),
  );
  await writeAtomically(folder.metricsCsv, `${['arm,class,support,rater,dice', ...csv].join('\n')}\n`);
  const title = config.name ?? `FSMR: ${config.model.method} on ${dataset.name}`;
  await writeAtomically(folder.report, reportPage({ title, arms, comparisons, parameters, panels, config, versions }));
}

/** The tables as text for the terminal. */
export function evaluationText({ arms, comparisons }: Evaluation): string {
  const tables = [markdownTable(diceRows(arms))];
  if (comparisons.length > 0) tables.push(markdownTable(comparisonRows(comparisons)));
  return tables.join('\n\n');
}
