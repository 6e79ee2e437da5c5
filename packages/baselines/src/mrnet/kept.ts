/** MRNet's three trainings as one, so that one file holds them. */
import { addPrefix, withPrefix } from '@fsmr/core';
import type { Trained } from '../learning/adam.js';
import type { ByNetwork, Mrnet } from './model.js';

const networks = ['coarse', 'reconstruction', 'refinement'] as const satisfies readonly (keyof ByNetwork<unknown>)[];

type Named<Value> = Readonly<Record<string, Value>>;

const joined = <Value>(values: ByNetwork<Named<Value>>): Named<Value> =>
  Object.assign({}, ...networks.map((network) => addPrefix(values[network], `${network}.`)));

/** Shapes of all parameters, each below the name of its network. */
export const joinedShapes = ({ coarse, reconstruction, refinement }: Mrnet): Named<readonly number[]> =>
  joined({ coarse: coarse.shapes, reconstruction: reconstruction.shapes, refinement: refinement.shapes });

/** The three trainings as one. No tensor is copied. */
export const joinTrained = ({ coarse, reconstruction, refinement }: ByNetwork<Trained>): Trained => ({
  parameters: joined({
    coarse: coarse.parameters,
    reconstruction: reconstruction.parameters,
    refinement: refinement.parameters,
  }),
  moments: joined({ coarse: coarse.moments, reconstruction: reconstruction.moments, refinement: refinement.moments }),
});

/** The reverse of {@link joinTrained}. */
export function splitTrained({ parameters, moments }: Trained): ByNetwork<Trained> {
  const of = (network: (typeof networks)[number]): Trained => ({
    parameters: withPrefix(parameters, `${network}.`),
    moments: withPrefix(moments, `${network}.`),
  });
  return { coarse: of('coarse'), reconstruction: of('reconstruction'), refinement: of('refinement') };
}
