import { ConfigError } from '../errors.js';
import type { PrototypeMethod } from './method.js';

/** The one version of the contract there is; a change that breaks methods gets another. */
export const contractVersion = 'fsmr-1' satisfies PrototypeMethod['specificationVersion'];

/**
 * Refuses a method that was written for another version of the contract. Types say so too, but not to JavaScript, and not
 * where two versions of this package meet.
 *
 * @throws ConfigError for another `specificationVersion`, or none.
 */
export function checkSpecificationVersion(method: Pick<PrototypeMethod, 'name' | 'specificationVersion'>): void {
  const version: unknown = method.specificationVersion;
  if (version === contractVersion) return;
  const said = version === undefined ? 'no version' : `version ${JSON.stringify(version)}`;
  throw new ConfigError(
    `method ${method.name} is of ${said} of the contract, and this library takes "${contractVersion}".`,
    {
      remedy:
        'Install releases of @fsmr/core and the method that fit; begin a method of your own with definePrototypeMethod.',
    },
  );
}
