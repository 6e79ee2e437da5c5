/**
 * Several operations over long arrays in one native call, portion by portion: what lies between them stays in the
 * caches, and the helper thread, which sleeps between calls, is woken once instead of once an operation.
 */
import type { OnnxRuntimeBackend } from '../backend.js';
import type { OnnxNode } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';

/** Operations on one portion. */
export interface PortionProgram {
  /** Tells programs apart. */
  readonly key: string;
  /** How many arrays each portion reads and writes. */
  readonly inputs: number;
  readonly outputs: number;
  /** How many arrays all portions read. */
  readonly shared: number;
  /** The nodes, given the names of those arrays; `local` makes names of values in between. */
  readonly nodes: (
    inputs: readonly string[],
    shared: readonly string[],
    outputs: readonly string[],
    local: (name: string) => string,
  ) => OnnxNode[];
}

/** The arrays of one portion. */
export interface Portion {
  readonly inputs: readonly Feed[];
  readonly outputs: readonly Feed[];
}

/**
 * Elements of a portion at least, for each thread: what an operation reads and writes stays in a core's cache, and takes
 * more than the 7 to 10 µs that dividing it between threads costs.
 */
const portionElements = 131_072;
const mostPortions = 32;

/**
 * Where portions of `items` items start, and after the last one `items`. Their number is a power of two, because every
 * number is compiled for itself.
 */
export function portionBounds(items: number, elements: number, threads: number): number[] {
  const fewest = portionElements * threads;
  let count = 1;
  while (2 * count <= Math.min(items, mostPortions) && 2 * count * fewest <= elements) count *= 2;
  return Array.from({ length: count + 1 }, (_, index) => Math.floor((items * index) / count));
}

/** Runs the program on all portions. */
export function runPortions(
  backend: OnnxRuntimeBackend,
  program: PortionProgram,
  portions: readonly Portion[],
  shared: readonly Feed[],
): void {
  const names = (prefix: string, from: number, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${from + index}`);
  const floats = (count: number) => new Array<'float32'>(count).fill('float32');
  const compiled = () => ({
    nodes: portions.flatMap((_, index) =>
      program.nodes(
        names('i', program.shared + index * program.inputs, program.inputs),
        names('i', 0, program.shared),
        names('o', index * program.outputs, program.outputs),
        (name) => `${name}_${index}`,
      ),
    ),
    inputs: floats(program.shared + portions.length * program.inputs),
    outputs: floats(portions.length * program.outputs),
  });
  backend.runInto(
    `${program.key} of ${portions.length}`,
    compiled,
    [...shared, ...portions.flatMap(({ inputs }) => inputs)],
    portions.flatMap(({ outputs }) => outputs),
  );
}
