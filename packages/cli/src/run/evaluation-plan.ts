import { type Dataset, evaluationEpisodes, type Statistics, trainingStatistics } from '@fsmr/datasets';
import { episodeKey, type LessonEpisodes, lessonsOf, withRecentScans } from '@fsmr/training';
import { buildDataset, checkBound, classIds, splitScans, supportIds } from '../config/dataset.js';
import type { RunConfig } from '../config/schema.js';
import { checkLearners } from './evaluation-tasks.js';

/** What a configuration asks to be evaluated. */
export interface PlannedEvaluation {
  readonly dataset: Dataset;
  /** What images are normalised with; each by itself where absent. */
  readonly statistics: Statistics | undefined;
  readonly lessons: readonly LessonEpisodes[];
  /** Every episode's key, in the order of the plan. */
  readonly keys: readonly string[];
}

/** Plans an evaluation, and says on stderr which cases are left out and why. @throws ConfigError, InputError */
export async function planEvaluation(config: RunConfig): Promise<PlannedEvaluation> {
  checkBound(config);
  const dataset = withRecentScans(await buildDataset(config));
  const { training, evaluation } = splitScans(dataset, config);
  const ids = evaluation.map(({ id }) => id);
  const statistics = await trainingStatistics(
    dataset,
    training.map(({ id }) => id),
  );
  const { supports, classes } = config.evaluation;
  const plan = await evaluationEpisodes(dataset, {
    supports: supportIds(ids, supports),
    queries: ids,
    ...(classes === undefined ? {} : { classes: classIds(dataset, classes) }),
  });
  for (const { reason, supportScan, queryScan } of plan.skipped) {
    process.stderr.write(`Left out ${supportScan ?? queryScan ?? 'a scan'}: ${reason}\n`);
  }
  const lessons = lessonsOf(plan);
  checkLearners(lessons, config.evaluation);
  return { dataset, statistics, lessons, keys: [...plan].map(episodeKey) };
}
