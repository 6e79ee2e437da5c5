import { packError } from '@fsmr/core';
import { type EvaluateInputs, evaluate, withRecentScans } from '@fsmr/training';
import { buildDataset } from '../config/dataset.js';
import { startConfiguredEngine } from './engine.js';
import type { EvaluationTask, FromWorker, ToWorker, WorkerSetup } from './evaluation-messages.js';
import { learningText } from './evaluation-tasks.js';
import { runFolder } from './folder.js';
import { writePrediction } from './predictions.js';
import { openSegmenters } from './segmenters.js';

/**
 * Serves a parent process: opens the run it names, then evaluates one task after the other until told to stop. Ends
 * with the parent, whatever ended that.
 */
export function serveEvaluation(channel: NodeJS.Process): void {
  const stop = new AbortController();
  const tell = (message: FromWorker): void => void channel.send?.(message);
  // A terminal sends Ctrl-C to every process; the parent says when to stop, so that what runs is finished.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) channel.on(signal, () => {});
  channel.on('disconnect', () => channel.exit(1));
  let run: (task: EvaluationTask) => Promise<void> = async () => {};
  const answer = async (message: ToWorker): Promise<void> => {
    if (message.kind === 'setup') run = await prepare(message.setup, tell, stop.signal);
    if (message.kind === 'task') await run(message.task);
    // The last message is out once its callback runs, and so are all before it.
    if (message.kind === 'stop') channel.send?.({ kind: 'left' } satisfies FromWorker, () => channel.exit(0));
    else tell({ kind: 'free' });
  };
  let last = Promise.resolve();
  channel.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') stop.abort();
    last = last
      .then(() => answer(message))
      .catch((error: unknown) => tell({ kind: 'failed', error: packError(error) }));
  });
}

async function prepare(
  { config, out, statistics, predictions, ...options }: WorkerSetup,
  tell: (message: FromWorker) => void,
  signal: AbortSignal,
): Promise<(task: EvaluationTask) => Promise<void>> {
  await startConfiguredEngine(config.engine);
  const dataset = withRecentScans(await buildDataset(config));
  const { segmenters } = await openSegmenters(config, runFolder(out), dataset, statistics, options);
  const common: Omit<EvaluateInputs, 'segmenters' | 'episodes'> = {
    dataset,
    seed: config.seed,
    signal,
    ...(predictions === undefined ? {} : { onPrediction: (made) => writePrediction(predictions, made) }),
    onEpisode: (key, result) => tell({ kind: 'episode', key, result }),
    onLearning: (...told) => tell({ kind: 'learning', text: learningText(...told) }),
  };
  return ({ arm, episodes }) =>
    evaluate({ ...common, segmenters: segmenters.filter(({ name }) => name === arm), episodes });
}
