import { InputError } from '@fsmr/core';

/**
 * The values of a log of JSON lines. A last line cut short by a kill is dropped: finished lines end with a newline.
 *
 * @param remedy what to do about a damaged line
 * @throws InputError where a line before the last is damaged.
 */
export function parseJsonLines<Value>(text: string, file: string, remedy: string): Value[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      try {
        return JSON.parse(line) as Value;
      } catch (cause) {
        throw new InputError(`line ${index + 1} is damaged.`, { file, cause, remedy });
      }
    });
}
