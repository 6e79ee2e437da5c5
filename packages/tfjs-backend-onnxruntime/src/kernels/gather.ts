/** Rows picked by number: how images are laid out for matrix products. */
import type { OnnxRuntimeBackend } from '../backend.js';
import { node } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';

const program = () => ({
  nodes: [node('Gather', ['i0', 'i1'], ['o0'])],
  inputs: ['float32', 'int32'] as const,
  outputs: ['float32'] as const,
});

/** The rows of `table` with the given numbers, into `out`. */
export function gatherRows(backend: OnnxRuntimeBackend, table: Feed, rows: Int32Array, out: Float32Array): void {
  const numbers: Feed = { type: 'int32', data: rows, dims: [rows.length], location: 'cpu' };
  backend.runInto('Gather rows', program, [table, numbers], [feed(out, [rows.length, table.dims[1] as number])]);
}
