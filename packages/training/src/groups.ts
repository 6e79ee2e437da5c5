import { ConfigError, type PrototypeMethod } from '@fsmr/core';

/** Which parameters a group holds, by name: all conditions given must hold. */
export interface ParameterMatch {
  /** The name starts with this, such as `encoder.`. */
  readonly prefix?: string | undefined;
  /** The name contains this, such as `cls_unit`. */
  readonly contains?: string | undefined;
  /** The name contains none of these. */
  readonly without?: readonly string[] | undefined;
}

/** Parameters that are trained at a pace of their own. */
export interface ParameterGroup {
  readonly name: string;
  readonly match: ParameterMatch;
  /** On the learning rate of the plan, at every step. */
  readonly learningRateFactor: number;
  /** On the weight decay of the plan; 1 when absent. */
  readonly weightDecayFactor?: number | undefined;
}

/** How one parameter is trained. */
export interface ParameterPace {
  /** The name of its group; undefined where no group holds it. */
  readonly group: string | undefined;
  readonly learningRateFactor: number;
  readonly weightDecayFactor: number;
}

/**
 * The pace of a parameter: of the first group that holds it, or, where none does, what its method says of it.
 *
 * @param name the parameter's whole name, such as `encoder.localconv.weight`
 */
export function paceOf(
  groups: readonly ParameterGroup[],
  method: Pick<PrototypeMethod, 'learningRateScale'>,
  name: string,
): ParameterPace {
  const group = groups.find(({ match }) => matches(match, name));
  if (group === undefined) {
    return { group: undefined, learningRateFactor: method.learningRateScale(name), weightDecayFactor: 1 };
  }
  const { learningRateFactor, weightDecayFactor = 1 } = group;
  return { group: group.name, learningRateFactor, weightDecayFactor };
}

function matches({ prefix, contains, without = [] }: ParameterMatch, name: string): boolean {
  return (
    (prefix === undefined || name.startsWith(prefix)) &&
    (contains === undefined || name.includes(contains)) &&
    !without.some((part) => name.includes(part))
  );
}

/** The learning rate of each group by name, in a step whose base rate is given. */
export function groupRates(groups: readonly ParameterGroup[], learningRate: number): Readonly<Record<string, number>> {
  return Object.fromEntries(groups.map(({ name, learningRateFactor }) => [name, learningRate * learningRateFactor]));
}

/** @throws ConfigError for groups of one name, without condition, or with a factor below 0. */
export function checkGroups(groups: readonly ParameterGroup[]): void {
  for (const [index, { name, match, learningRateFactor, weightDecayFactor = 1 }] of groups.entries()) {
    if (groups.findIndex((other) => other.name === name) !== index) {
      throw new ConfigError(`two parameter groups are named ${name}.`, { remedy: 'Give each a name of its own.' });
    }
    if (match.prefix === undefined && match.contains === undefined) {
      throw new ConfigError(`parameter group ${name} says neither prefix nor contains.`, {
        remedy: 'An empty prefix holds every parameter.',
      });
    }
    if (!(learningRateFactor >= 0 && weightDecayFactor >= 0)) {
      throw new ConfigError(`parameter group ${name} has a factor below 0, or none.`);
    }
  }
}
