import { InputError } from '@fsmr/core';
import { phantomDataset } from '@fsmr/datasets';
import { pseudoSamples, type SampleSource } from './episodes.js';
import { serveEpisodes } from './loader-service.js';

/** What the loading threads of the test are told. */
export interface FixtureData {
  /** The step that has no episode. */
  readonly failAt?: number;
  /** The step at which the thread ends itself. */
  readonly exitAt?: number;
  /** What opening the data says. */
  readonly closed?: string;
}

/** The same source for threads and for the test itself. */
export function fixtureSamples({ failAt, exitAt, closed }: FixtureData = {}): SampleSource {
  if (closed !== undefined) throw new InputError(closed, { file: 'cases' });
  const dataset = phantomDataset({ seed: 3, scans: 4, size: 64, raters: 2 });
  const samples = pseudoSamples(dataset, { superpixels: { minimumSize: 40 } });
  return (request) => {
    if (request.step === failAt)
      throw new InputError('is empty.', { file: 'a.png', rater: 'anna', remedy: 'Draw it.' });
    if (request.step === exitAt) process.exit(3);
    return samples(request);
  };
}

serveEpisodes<FixtureData>(fixtureSamples);
