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
  /**
   * Values on the way that have no memory of their own: for each the number of the output in whose memory it lies. Nothing
   * may read it once that memory is written again.
   */
  readonly within: readonly number[];
  /** The nodes, given the names of those arrays and values. */
  readonly nodes: (names: PortionNames) => OnnxNode[];
}

/** Names of what the nodes of one portion read and write. */
export interface PortionNames {
  readonly inputs: readonly string[];
  readonly shared: readonly string[];
  readonly outputs: readonly string[];
  readonly within: readonly string[];
}

/** The arrays of one portion. */
export interface Portion {
  readonly inputs: readonly Feed[];
  readonly outputs: readonly Feed[];
}

/**
 * Elements of a portion at least, for each thread: operations then take many times the 7 to 10 µs that dividing them
 * between threads costs. Batch normalisation keeps memory for what it computes on the way, so larger portions cost memory.
 */
const portionElements = 262_144;
/** Portions of one native call at most. */
export const mostPortions = 32;

/**
 * Where portions of `items` items start, and after the last one `items`. Their number is a power of two, because every
 * number of a program's portions is compiled for itself.
 *
 * @param fewest items of a portion: as many as threads where an operation divides nothing but items between them.
 */
export function portionBounds(items: number, elements: number, threads: number, fewest = 1): number[] {
  const most = Math.min(items / fewest, elements / (portionElements * threads), mostPortions);
  let count = 1;
  while (2 * count <= most) count *= 2;
  return Array.from({ length: count + 1 }, (_, index) => Math.floor((items * index) / count));
}

/** Runs the program on all portions, `mostPortions` at most; compiled once for each number of them. */
export function runPortions(
  backend: OnnxRuntimeBackend,
  program: PortionProgram,
  portions: readonly Portion[],
  shared: readonly Feed[],
): void {
  const names = (prefix: string, from: number, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${from + index}`);
  const floats = (count: number) => new Array<'float32'>(count).fill('float32');
  const { inputs, outputs, within } = program;
  const written = outputs + within.length;
  const compiled = () => ({
    nodes: portions.flatMap((_, index) =>
      program.nodes({
        inputs: names('i', program.shared + index * inputs, inputs),
        shared: names('i', 0, program.shared),
        outputs: names('o', index * written, outputs),
        within: names('o', index * written + outputs, within.length),
      }),
    ),
    inputs: floats(program.shared + portions.length * inputs),
    outputs: floats(portions.length * written),
  });
  backend.runInto(
    `${program.key} of ${portions.length}`,
    compiled,
    [...shared, ...portions.flatMap((portion) => portion.inputs)],
    portions.flatMap((portion) => [...portion.outputs, ...within.map((output) => portion.outputs[output] as Feed)]),
  );
}
