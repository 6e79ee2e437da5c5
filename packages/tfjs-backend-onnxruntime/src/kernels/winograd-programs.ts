/** The native calls of minimal filtering; everything they compute on the way lies in memory that the caller provides. */
import { floats, integers, node } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';
import type { Program } from '../runtime/session.js';
import type { MinimalFilter } from './minimal-filter.js';

const matrix = (name: string, { data, dims }: Feed) => floats(name, data as Float32Array, dims);

/** A row for everything at one place. */
const rows = (places: number) => [integers('rows', [places, -1])];

/** What takes kernels to the places, or, `turned`, kernels turned by half a turn. */
export const kernelMatrix = (filter: MinimalFilter, turned: boolean): Feed =>
  turned ? filter.flippedKernel : filter.kernel;

const tileNodes = (kernels: string, turned: boolean) => [
  node('Gather', ['i0', 'i1'], ['o0']),
  node('Reshape', ['o0', 'rows'], ['laidOut']),
  node('MatMul', ['input', 'laidOut'], ['o1']),
  node('Reshape', ['o1', 'i2'], ['pixels']),
  turned
    ? node('FusedMatMul', ['pixels', kernels], ['o2'], { transB: 1 }, 'com.microsoft')
    : node('MatMul', ['pixels', kernels], ['o2']),
  node('Reshape', ['o2', 'rows'], ['products']),
  node('MatMul', ['output', 'products'], ['o3']),
];

/**
 * A portion of the tiles. Reads an image's pixels as rows, the numbers of those that the places read, the sizes [places,
 * tiles, channels], and the kernels at the places; writes the pixels laid out, the same at the places, the products there,
 * and the tiles' results.
 *
 * @param turned whether kernels are [places, out, in] instead of [places, in, out].
 */
export const tileProgram = ({ places, input, output }: MinimalFilter, turned: boolean): Program => ({
  inputs: ['float32', 'int32', 'int64', 'float32'],
  outputs: ['float32', 'float32', 'float32', 'float32'],
  initializers: [...rows(places), matrix('input', input), matrix('output', output)],
  nodes: tileNodes('i3', turned),
});

/**
 * All tiles at once, with what comes before and after. Reads the first three inputs as above, the kernels [9, in out],
 * their sizes at the places, the sizes of the results as rows, and for each pixel its row there; writes the same four outputs,
 * the kernels at the places, and the pixels.
 *
 * @param turned whether kernels are [9, out in], and turned by half a turn besides: the gradient of an image.
 */
export const allTilesProgram = (filter: MinimalFilter, turned: boolean): Program => ({
  inputs: ['float32', 'int32', 'int64', 'float32', 'int64', 'int64', 'int32'],
  outputs: ['float32', 'float32', 'float32', 'float32', 'float32', 'float32'],
  initializers: [
    ...rows(filter.places),
    matrix('input', filter.input),
    matrix('output', filter.output),
    matrix('kernel', kernelMatrix(filter, turned)),
  ],
  nodes: [
    node('MatMul', ['kernel', 'i3'], ['o4']),
    node('Reshape', ['o4', 'i4'], ['kernels']),
    ...tileNodes('kernels', turned),
    node('Reshape', ['o3', 'i5'], ['results']),
    node('Gather', ['results', 'i6'], ['o5']),
  ],
});

/**
 * Reads an image's pixels, their numbers and sizes as above, and the same of the gradients after the convolution; writes
 * both laid out and at the places, and the gradients of the kernels at the places.
 *
 * @param all whether these are all tiles, and the gradients of the kernels [9, in out] shall be written as well.
 */
export const tileGradientProgram = (
  { places, tile, input, outputGradient, kernelGradient }: MinimalFilter,
  all: boolean,
): Program => ({
  inputs: ['float32', 'int32', 'int64', 'float32', 'int32', 'int64'],
  outputs: ['float32', 'float32', 'float32', 'float32', 'float32', ...(all ? (['float32'] as const) : [])],
  initializers: [
    ...rows(places),
    integers('resultRows', [tile ** 2, -1]),
    matrix('input', input),
    matrix('outputGradient', outputGradient),
    ...(all ? [matrix('kernelGradient', kernelGradient)] : []),
  ],
  nodes: [
    node('Gather', ['i0', 'i1'], ['o0']),
    node('Reshape', ['o0', 'rows'], ['laidOut']),
    node('MatMul', ['input', 'laidOut'], ['o1']),
    node('Gather', ['i3', 'i4'], ['o2']),
    node('Reshape', ['o2', 'resultRows'], ['results']),
    node('MatMul', ['outputGradient', 'results'], ['o3']),
    node('Reshape', ['o1', 'i2'], ['pixels']),
    node('Reshape', ['o3', 'i5'], ['gradients']),
    node('FusedMatMul', ['pixels', 'gradients'], ['o4'], { transA: 1 }, 'com.microsoft'),
    ...(all ? [node('Reshape', ['o4', 'rows'], ['sums']), node('MatMul', ['kernelGradient', 'sums'], ['o5'])] : []),
  ],
});
