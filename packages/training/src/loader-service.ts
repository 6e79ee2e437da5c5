import { parentPort, workerData } from 'node:worker_threads';
import { packError, restoreRandom } from '@fsmr/core';
import type { SampleSource } from './episodes.js';
import type { LoaderAnswer, LoaderRequest } from './loader-messages.js';

/**
 * The whole script of a thread that {@link startEpisodeLoader} starts:
 *
 * ```ts
 * serveEpisodes(async ({ folder }: { folder: string }) => pseudoSamples(await folderDataset(folder)));
 * ```
 *
 * Requests are answered one after the other. Whatever opening or sampling throws is thrown where the episode is awaited.
 *
 * @param open makes the source from the loader's `data`; called once
 */
export function serveEpisodes<Data>(open: (data: Data) => Promise<SampleSource> | SampleSource): void {
  const port = parentPort;
  if (port === null) return;
  const source = Promise.resolve(workerData as Data).then(open);
  const answer = async ({ step, stage, random }: LoaderRequest): Promise<LoaderAnswer> => {
    try {
      const sample = await (await source)({ step, stage, random: restoreRandom(random) });
      return { step, sample };
    } catch (error) {
      return { step, error: packError(error) };
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  port.on('message', (request: LoaderRequest) => {
    last = last.then(async () => port.postMessage(await answer(request)));
  });
}
