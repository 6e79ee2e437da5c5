import type { RunConfig } from './schema.js';

/**
 * What a configuration reads, without where that lies: the last name of every path is left. A run that was copied to
 * another machine, or whose data were moved, so stays the same run.
 */
export function withoutPlaces<Config extends Pick<RunConfig, 'data' | 'model'>>(config: Config): Config {
  const { data, model } = config;
  return {
    ...config,
    data: {
      ...data,
      ...('folder' in data ? { folder: lastName(data.folder) } : {}),
      ...('test' in data && data.test !== undefined ? { test: lastName(data.test) } : {}),
    },
    model: model.weights === undefined ? model : { ...model, weights: lastName(model.weights) },
  };
}

/** The last name of a path of any system. */
function lastName(path: string): string {
  return path.split(/[\\/]+/).findLast((name) => name !== '') ?? path;
}
