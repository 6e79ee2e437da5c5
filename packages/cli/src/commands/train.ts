import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseSafetensors, saveSafetensors } from '@fsmr/backbones';
import { InterruptedError, type Model, WeightsError } from '@fsmr/core';
import type { Dataset, PseudoSourceOptions } from '@fsmr/datasets';
import {
  decodeCheckpoint,
  disposeState,
  encodeCheckpoint,
  openTrainingLog,
  parametersOf,
  type TrainingPlan,
  type TrainingState,
  totalSteps,
  train,
} from '@fsmr/training';
import { buildDataset, checkNames } from '../config/dataset.js';
import { buildModel } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import { adoptConfig, checkPlace, isBegun, isTrainedText, trainedText } from '../run/adopt.js';
import { adoptStart, adoptVersions } from '../run/adopt-start.js';
import { planOf, sharedPlan, type TrainedArm, trainedArms, trainingModel } from '../run/arms.js';
import { exists, writeAtomically } from '../run/files.js';
import { type RunFolder, runFolder } from '../run/folder.js';
import { withPlace } from '../run/place.js';
import { createProgress } from '../run/progress.js';
import { startingState } from '../run/starting-state.js';
import { sourceOptions, trainingEpisodes } from '../run/training-episodes.js';
import type { Versions } from '../run/versions.js';

/**
 * Trains the arms a configuration asks for into a run folder, or goes on where an interrupted run stopped.
 *
 * @throws InterruptedError when the signal came; everything done so far is in the folder.
 */
export async function trainRun(config: RunConfig, out: string, versions: Versions, signal: AbortSignal): Promise<void> {
  const folder = runFolder(out);
  const dataset = await buildDataset(config);
  if (!(await isBegun(folder))) {
    checkPlace(folder, config);
    await checkBeforehand(config, dataset);
  }
  await mkdir(out, { recursive: true });
  await adoptConfig(folder, config);
  await adoptStart(folder, config);
  const arms = trainedArms(config);
  const missing: TrainedArm[] = [];
  for (const arm of arms) if (!(await exists(folder.weights(arm)))) missing.push(arm);
  if (missing.length === 0) return;
  await adoptVersions(folder, versions);
  const run: Run = { config, folder, dataset, signal, source: await sourceOptions(config, dataset) };
  for (const arm of missing) {
    const half = arms.length < 2 ? undefined : await sharedHalf(run);
    const state = await runPlan(run, arm, planOf(config, arm, dataset.raters.length), half);
    await saveArm(run, arm, state);
    disposeState(state);
  }
}

/** What all arms of a run are trained with. */
interface Run {
  readonly config: RunConfig;
  readonly folder: RunFolder;
  readonly dataset: Dataset;
  readonly source: PseudoSourceOptions;
  readonly signal: AbortSignal;
}

/** Finds what is wrong before a folder is made. */
async function checkBeforehand(config: RunConfig, dataset: Dataset): Promise<void> {
  checkNames(dataset, config);
  disposeState(await startingState(config, trainingModel(config)));
}

/** The first stage, where it is the same for both arms, is trained once and kept. */
async function sharedHalf(run: Run): Promise<Uint8Array | undefined> {
  const plan = sharedPlan(run.config, run.dataset.raters.length);
  if (plan === undefined) return undefined;
  const state = await runPlan(run, 'first-half', plan);
  const bytes = encodeCheckpoint(state, trainedText(run.config));
  disposeState(state);
  return bytes;
}

/** @param start the checkpoint a training begins with that has none of its own */
async function runPlan(run: Run, name: string, plan: TrainingPlan, start?: Uint8Array): Promise<TrainingState> {
  const { config, folder, dataset, signal } = run;
  const model = trainingModel(config);
  const file = folder.checkpoint(name);
  const identity = trainedText(config);
  const saved = (await exists(file)) ? readCheckpoint(await readFile(file), file, model, config) : undefined;
  const begun = saved ?? (start === undefined ? undefined : decodeCheckpoint(start, model, identity));
  const state = begun ?? (await startingState(config, model));
  const steps = totalSteps(plan);
  if (state.step >= steps) return state;
  const progress = createProgress(`Training ${name}`);
  const log = await openTrainingLog(folder.logs(name), state.step);
  const loader = trainingEpisodes(config, dataset, run.source, plan, state.step);
  const trained = await train({
    model: freezeStatistics(model, config),
    plan,
    state,
    seed: config.seed,
    signal,
    episodes: loader.episodes,
    checkpointEvery: config.training.checkpointEvery,
    onCheckpoint: async (reached) => {
      // A run that fails at its first step has nothing to lose, and its folder may be given to another.
      if (reached.step > 0) await writeAtomically(file, encodeCheckpoint(reached, identity));
    },
    onStep: (report) => {
      log.write(report);
      progress.update(report.step, steps, `${report.stage}, loss ${report.total.toFixed(3)}`);
    },
  }).finally(loader.close);
  progress.finish();
  if (trained.step < steps) {
    disposeState(trained);
    throw new InterruptedError(`training of ${name} stopped after step ${trained.step} of ${steps}.`, {
      remedy: 'Give the same command again to go on.',
    });
  }
  return trained;
}

/** A checkpoint of this run, by whatever version. @throws WeightsError that names it. */
function readCheckpoint(bytes: Uint8Array, file: string, model: Model, config: RunConfig): TrainingState {
  let identity: string | undefined;
  try {
    identity = parseSafetensors(bytes).metadata.get('identity');
  } catch (cause) {
    throw new WeightsError('the checkpoint is damaged.', {
      file,
      cause,
      remedy: 'Delete it to train this part again from its beginning.',
    });
  }
  try {
    const own = identity !== undefined && isTrainedText(identity, config) ? identity : trainedText(config);
    return decodeCheckpoint(bytes, model, own);
  } catch (error) {
    throw withPlace(error, { file });
  }
}

/** Batch statistics of two images are noisy; frozen ones keep what pretraining knew. */
function freezeStatistics(model: Model, { training }: RunConfig): Model {
  if (!training.freezeStatistics) return model;
  const { backbone } = model;
  const apply: typeof backbone.apply = (parameters, images) => backbone.apply(parameters, images, { training: false });
  return { ...model, backbone: { ...backbone, apply } };
}

async function saveArm({ config, folder, source }: Run, arm: TrainedArm, state: TrainingState): Promise<void> {
  const model = buildModel(config.model, arm === 'japc');
  const { statistics } = source;
  // Where the backbone once started from is nobody's business who uses the trained file.
  const { weights: _weights, ...modelConfig } = config.model;
  await mkdir(dirname(folder.weights(arm)), { recursive: true });
  await saveSafetensors(folder.weights(arm), parametersOf(model, state), {
    metadata: {
      format: 'fsmr-model-1',
      arm,
      model: JSON.stringify(modelConfig),
      seed: String(config.seed),
      ...(statistics === undefined ? {} : { statistics: JSON.stringify(statistics) }),
      ...(config.resize === undefined ? {} : { resize: String(config.resize) }),
    },
  });
}
