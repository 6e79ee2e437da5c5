import { WeightsError } from '@fsmr/core';
import type { Dataset } from '@fsmr/datasets';
import { splitScans } from '../config/dataset.js';
import type { RunConfig } from '../config/schema.js';
import { canonical, shortHash } from '../report/config-identity.js';
import { learnsInEvaluation } from './evaluation-tasks.js';
import { sha256Of } from './files.js';
import type { RunFolder } from './folder.js';
import { scanHashes } from './scan-hashes.js';

/** What shapes an arm that trains in an evaluation, besides the data it is evaluated on. */
export interface ArmLearning {
  /** How it learns: what all such arms share, and its own settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** SHA-256 of the file its encoder starts from, where there is one. */
  readonly start?: string;
  /** A hash of every training scan, where it learns from them. */
  readonly scans?: string;
}

/** The same of every such arm that is asked for, by its name. */
export type Learning = Readonly<Record<string, ArmLearning>>;

/**
 * How the arms of an evaluation that train in it do. Reads every training scan where one learns from them.
 *
 * @throws WeightsError where the file that encoders start from cannot be read.
 */
export async function learningOf(config: RunConfig, folder: RunFolder, dataset: Dataset): Promise<Learning> {
  const { arms, baselines } = config.evaluation;
  const { supports: _howMany, mrnet, dpersona, supervised, ...common } = baselines;
  const own = { mrnet, dpersona, supervised } as const;
  const learners = arms.filter(learnsInEvaluation);
  if (learners.length === 0) return {};
  const file = baselines.start === 'base' ? folder.weights('base') : config.model.weights;
  const start = file === undefined ? undefined : await hashOfStart(file);
  const learning: Record<string, ArmLearning> = {};
  for (const arm of learners) {
    const settings = { ...common, ...own[arm as keyof typeof own] };
    learning[arm] = {
      settings,
      ...(start === undefined ? {} : { start }),
      ...(arm === 'supervised' ? { scans: await trainingHash(config, dataset) } : {}),
    };
  }
  return learning;
}

async function hashOfStart(file: string): Promise<string> {
  return sha256Of(file).catch((cause: unknown) => {
    throw new WeightsError('the weights file that baselines start from cannot be read.', {
      file,
      cause,
      remedy: 'Check the path.',
    });
  });
}

async function trainingHash(config: RunConfig, dataset: Dataset): Promise<string> {
  const { training } = splitScans(dataset, config);
  return shortHash(
    canonical(
      await scanHashes(
        dataset,
        training.map(({ id }) => id),
      ),
    ),
  );
}
