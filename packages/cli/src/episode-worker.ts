import { pseudoSamples, serveEpisodes } from '@fsmr/training';
import { buildDataset } from './config/dataset.js';
import type { LoadingTask } from './run/training-episodes.js';

// The script of the threads that make episodes for `fsmr train`.
serveEpisodes<LoadingTask>(async ({ config, options }) => pseudoSamples(await buildDataset(config), options));
