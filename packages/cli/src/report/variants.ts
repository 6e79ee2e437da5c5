import { withoutPlaces } from '../config/places.js';
import type { RunConfig } from '../config/schema.js';
import { learningSettings } from '../run/evaluation-tasks.js';
import { protocolOf } from './config-identity.js';
import type { Experiment } from './experiments.js';

/**
 * Names what sets experiments of the same data, setting and method apart: their labels in the sweep where they have
 * some, else the keys in which they differ from the first, which is then called "as given". The reference of a sweep is the
 * first cell of its grid: where that is missing there is none, and no variant takes its place.
 */
export function labelVariants(experiments: readonly Experiment[]): Experiment[] {
  const families = new Map<string, Experiment[]>();
  for (const experiment of experiments) {
    const key = JSON.stringify([experiment.dataset, experiment.setting, experiment.method]);
    families.set(key, [...(families.get(key) ?? []), experiment]);
  }
  const named = new Map<Experiment, Experiment>();
  for (const family of families.values()) {
    const axes = differingAxes(family);
    for (const experiment of family) {
      const { labels: own, reference } = experiment.runs[0]!;
      const labels = axes.map((axis) => own![axis]!);
      const variant = labels.length > 0 ? labels.join(', ') : changesFrom(family[0]!, experiment);
      const isReference =
        axes.length === 0 || reference === undefined
          ? experiment === family[0]
          : axes.every((axis) => own![axis] === reference[axis]);
      named.set(experiment, { ...experiment, variant, isReference });
    }
  }
  return experiments.map((experiment) => named.get(experiment)!);
}

/**
 * The axes of a sweep that tell these experiments, and the reference, apart; those their own runs lie along, such as the
 * seeds, do not.
 */
function differingAxes(family: readonly Experiment[]): string[] {
  const labels = family.map(({ runs }) => runs.map((run) => run.labels));
  if (labels.flat().some((one) => one === undefined)) return [];
  const along = (axis: string) => labels.some((runs) => new Set(runs.map((one) => one![axis])).size > 1);
  const references = family.map(({ runs }) => runs[0]!.reference).filter((one) => one !== undefined);
  const differs = (axis: string) =>
    new Set([...labels.map(([first]) => first!), ...references].map((one) => one[axis])).size > 1;
  return Object.keys(labels[0]![0]!).filter((axis) => !along(axis) && differs(axis));
}

function changesFrom(reference: Experiment, experiment: Experiment): string {
  if (experiment === reference) return 'as given';
  const [own, other] = [flat(experiment.runs[0]!.config), flat(reference.runs[0]!.config)];
  const keys = [...new Set([...own.keys(), ...other.keys()])].filter((key) => own.get(key) !== other.get(key));
  return keys.map((key) => `${key.replace(/^(training|model)\./, '')} ${own.get(key) ?? 'not set'}`).join(', ');
}

/** What may tell two experiments apart, by dotted key. */
function flat(config: RunConfig): Map<string, string> {
  const { resize, split, model, training, evaluation } = withoutPlaces(config);
  const { exclude: _setting, checkpointEvery: _notShaping, ...shaping } = training;
  const found = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    } else if (value !== undefined) found.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  };
  visit(resize, 'resize');
  visit({ evaluation: split.evaluation }, 'split');
  visit(model, 'model');
  visit(shaping, 'training');
  visit(learningSettings(evaluation), 'baselines');
  visit(protocolOf(evaluation), 'evaluation');
  return found;
}
