/**
 * Batch normalisation in training and its gradient, each one native call: the sums of blocks of rows, what follows from
 * them for every channel, in double precision, and the scaling of the rows. A call wakes the second thread, which takes
 * as long as all sums of a small layer.
 *
 * Rows go portion by portion, so that most of what lies between the operations stays in the caches; ONNX Runtime chooses the order,
 * and takes some of the sums of all portions together.
 */
import { integers, node, type OnnxNode } from '../onnx/index.js';
import type { Program } from '../runtime/session.js';
import { floatProgram } from './kernel.js';

/** How the rows of a batch are divided: portions of whole blocks, and one of the rest. */
export interface Division {
  /** Portions, that of the rest included. */
  readonly portions: number;
  /** Whether the last portion is one block that is shorter than the others. */
  readonly rest: boolean;
}

/** What is computed besides the normalisation. */
export interface BatchNormVariant {
  readonly epsilon: number;
  readonly relu: boolean;
  readonly residual: boolean;
}

/** Operations that write each portion of the result, one after another in its memory. */
export const scalingSteps = ({ relu, residual }: BatchNormVariant): number => 2 + Number(residual) + Number(relu);

/** The same of the gradient with respect to the images, and of the gradient before the rectifier. */
export const gradientSteps = 3;
export const maskingSteps = ({ relu }: BatchNormVariant): number => (relu ? 2 : 0);

const float = 1;
const double = 11;

/** A node with one result, whose name comes first. */
const step = (result: string, op: string, ...inputs: readonly string[]): OnnxNode => node(op, inputs, [result]);
const cast = (result: string, from: string, to: number): OnnxNode => node('Cast', [from], [result], { to });
const overBlocks = (result: string, from: string): OnnxNode =>
  node('ReduceSum', [from, 'blocks'], [result], { keepdims: 0 });

const eachPortion = ({ portions }: Division, nodes: (index: number) => readonly OnnxNode[]): OnnxNode[] =>
  Array.from({ length: portions }, (_, index) => nodes(index)).flat();

/** Numbers a channel of every block, from all portions, in double precision. */
const joined = (result: string, part: string, { portions }: Division): OnnxNode[] => [
  node(
    'Concat',
    Array.from({ length: portions }, (_, index) => `${part}${index}`),
    [`${result}Single`],
    { axis: 0 },
  ),
  cast(result, `${result}Single`, double),
];

/** The vector as long as the portion's blocks: input `first`, or the next one for the rest. */
const asLong = ({ portions, rest }: Division, first: number, index: number): string =>
  `i${first + (rest && index === portions - 1 ? 1 : 0)}`;

const program = (nodes: readonly OnnxNode[], inputs: number, outputs: number, epsilon: number): Program =>
  floatProgram(
    inputs,
    nodes,
    [integers('blocks', [0]), { name: 'epsilon', type: 'float64', shape: [1], data: Float64Array.of(epsilon) }],
    new Array<'float32'>(outputs).fill('float32'),
  );

/**
 * Reads: ones, as many as a block has rows, and as the rest has [1, rows]; equal shares of 1, likewise; the rows of every
 * block [blocks, 1, 1]; scale and offset [1, C]; then each portion of the images [blocks, rows, C], and of the residual.
 * Writes: mean and biased variance [1, C]; then each portion of the result, `scalingSteps` times.
 *
 * Variances are taken from centred values, since the difference of squares would lose digits, and joined as in Chan, Golub and LeVeque,
 * Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979, section 2.
 */
export function batchNormProgram(division: Division, variant: BatchNormVariant): Program {
  const read = variant.residual ? 2 : 1;
  const written = scalingSteps(variant);
  const x = (index: number) => `i${7 + index * read}`;
  const scaling: readonly (readonly [op: string, ...others: string[]])[] = [
    ['Mul', 'factor'],
    ['Add', 'shift'],
  ];
  const nodes = [
    ...eachPortion(division, (index) => [
      step(`mean${index}`, 'MatMul', asLong(division, 2, index), x(index)),
      step(`centred${index}`, 'Sub', x(index), `mean${index}`),
      step(`square${index}`, 'Mul', `centred${index}`, `centred${index}`),
      step(`squares${index}`, 'MatMul', asLong(division, 0, index), `square${index}`),
    ]),
    ...joined('means', 'mean', division),
    ...joined('squares', 'squares', division),
    cast('rows', 'i4', double),
    overBlocks('count', 'rows'),
    step('weighted', 'Mul', 'means', 'rows'),
    overBlocks('sum', 'weighted'),
    step('mean', 'Div', 'sum', 'count'),
    step('apart', 'Sub', 'means', 'mean'),
    step('apartSquared', 'Mul', 'apart', 'apart'),
    step('between', 'Mul', 'apartSquared', 'rows'),
    step('around', 'Add', 'squares', 'between'),
    overBlocks('squaredSum', 'around'),
    step('variance', 'Div', 'squaredSum', 'count'),
    cast('o0', 'mean', float),
    cast('o1', 'variance', float),
    step('stabilised', 'Add', 'variance', 'epsilon'),
    step('deviation', 'Sqrt', 'stabilised'),
    cast('scale', 'i5', double),
    cast('offset', 'i6', double),
    step('exactFactor', 'Div', 'scale', 'deviation'),
    step('centre', 'Mul', 'mean', 'exactFactor'),
    step('exactShift', 'Sub', 'offset', 'centre'),
    cast('factor', 'exactFactor', float),
    cast('shift', 'exactShift', float),
    ...eachPortion(division, (index) => {
      const first = 2 + index * written;
      const operations = [
        ...scaling,
        ...(variant.residual ? [['Add', `i${8 + index * read}`] as const] : []),
        ...(variant.relu ? [['Relu'] as const] : []),
      ];
      return operations.map(([op, ...others], at) =>
        step(`o${first + at}`, op, at === 0 ? x(index) : `o${first + at - 1}`, ...others),
      );
    }),
  ];
  return program(nodes, 7 + division.portions * read, 2 + division.portions * written, variant.epsilon);
}

/**
 * Reads: ones as above; the rows of every block; scale, mean and variance [1, C]; then each portion of the images, of the
 * gradient of the result and, where that was rectified, of the result.
 * Writes: the gradients of scale and offset [1, C]; then for each portion the gradient before the rectifier, `maskingSteps` times,
 * and that of the images, `gradientSteps` times.
 *
 * With g the gradient before the rectifier and h = x - mean: dx = scale / sd (g - mean(g) - h / sd^2 mean(g h)).
 */
export function batchNormGradientProgram(division: Division, variant: BatchNormVariant): Program {
  const read = variant.relu ? 3 : 2;
  const written = maskingSteps(variant) + gradientSteps;
  const x = (index: number) => `i${6 + index * read}`;
  const dy = (index: number) => `i${7 + index * read}`;
  const first = (index: number) => 2 + index * written;
  const g = (index: number) => (variant.relu ? `o${first(index) + 1}` : dy(index));
  const nodes = [
    ...eachPortion(division, (index) => [
      ...(variant.relu
        ? [
            // So steep that it is 0 at 0 and 1 above: the derivative of a rectifier in one operation.
            node('HardSigmoid', [`i${8 + index * read}`], [`o${first(index)}`], {
              alpha: { float: 3e38 },
              beta: { float: 0 },
            }),
            step(g(index), 'Mul', `o${first(index)}`, dy(index)),
          ]
        : []),
      step(`sums${index}`, 'MatMul', asLong(division, 0, index), g(index)),
      step(`centred${index}`, 'Sub', x(index), 'i4'),
      step(`product${index}`, 'Mul', `centred${index}`, g(index)),
      step(`products${index}`, 'MatMul', asLong(division, 0, index), `product${index}`),
    ]),
    ...joined('sums', 'sums', division),
    ...joined('products', 'products', division),
    cast('rows', 'i2', double),
    overBlocks('count', 'rows'),
    cast('scale', 'i3', double),
    cast('mean', 'i4', double),
    cast('variance', 'i5', double),
    step('stabilised', 'Add', 'variance', 'epsilon'),
    step('deviation', 'Sqrt', 'stabilised'),
    overBlocks('doffset', 'sums'),
    overBlocks('covariance', 'products'),
    step('dscale', 'Div', 'covariance', 'deviation'),
    cast('o0', 'dscale', float),
    cast('o1', 'doffset', float),
    step('exactFactor', 'Div', 'scale', 'deviation'),
    step('factorOfCount', 'Div', 'exactFactor', 'count'),
    step('pull', 'Mul', 'factorOfCount', 'covariance'),
    step('towards', 'Div', 'pull', 'stabilised'),
    step('exactSlope', 'Neg', 'towards'),
    step('level', 'Mul', 'factorOfCount', 'doffset'),
    step('centre', 'Mul', 'towards', 'mean'),
    step('exactShift', 'Sub', 'centre', 'level'),
    cast('factor', 'exactFactor', float),
    cast('slope', 'exactSlope', float),
    cast('shift', 'exactShift', float),
    ...eachPortion(division, (index) => {
      const at = first(index) + maskingSteps(variant);
      return [
        step(`scaled${index}`, 'Mul', g(index), 'factor'),
        step(`o${at}`, 'Mul', x(index), 'slope'),
        step(`o${at + 1}`, 'Add', `o${at}`, 'shift'),
        step(`o${at + 2}`, 'Add', `o${at + 1}`, `scaled${index}`),
      ];
    }),
  ];
  return program(nodes, 6 + division.portions * read, 2 + division.portions * written, variant.epsilon);
}
