import type { Random } from '@fsmr/core';

/** Writes the first values of a parameter of a shape; all randomness comes from the stream it is given. */
export type Filling = (values: Float32Array, shape: readonly number[], random: Random) => void;

/** One value everywhere. */
export const constant =
  (value: number): Filling =>
  (values) => {
    values.fill(value);
  };

/** Normal deviates of mean 0. */
export const normal =
  (deviation: number): Filling =>
  (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  };

/** Kaiming's normal filling for the inputs of a square convolution that relu follows. */
export const kaimingNormal = (size: number, inputs: number): Filling => normal(Math.sqrt(2 / (size * size * inputs)));

/** Normal deviates of mean 0, drawn again where they exceed two deviations. */
export const truncatedNormal =
  (deviation: number): Filling =>
  (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) {
      let draw = random.normal();
      while (Math.abs(draw) > 2) draw = random.normal();
      values[i] = deviation * draw;
    }
  };

/** Uniform between -bound and bound. */
export const uniform =
  (bound: number): Filling =>
  (values, _shape, random) => {
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(-bound, bound);
  };

/** Values computed beforehand. */
export const given =
  (source: ArrayLike<number>): Filling =>
  (values) => {
    values.set(source);
  };

/** A transposed 2x2 kernel [2, 2, out, in] that repeats channel c of the image in channel c, each tap at a quarter. */
export const bilinear: Filling = (values, shape) => {
  const [height, width, outputs, inputs] = shape as [number, number, number, number];
  for (let tap = 0; tap < height * width; tap++) {
    for (let c = 0; c < Math.min(outputs, inputs); c++) values[(tap * outputs + c) * inputs + c] = 0.25;
  }
};

/**
 * A 1x1 kernel [1, 1, in, out] whose shorter side holds orthonormal vectors: Gram-Schmidt on normal deviates.
 *
 * @see Saxe et al., Exact solutions to the nonlinear dynamics of learning, ICLR 2014.
 */
export const orthogonal: Filling = (values, shape, random) => {
  const [inputs, outputs] = [shape[2]!, shape[3]!];
  const count = Math.min(inputs, outputs);
  const length = Math.max(inputs, outputs);
  const rows: Float64Array[] = [];
  while (rows.length < count) {
    const row = new Float64Array(length).map(() => random.normal());
    for (const other of rows) {
      const shared = row.reduce((sum, value, i) => sum + value * other[i]!, 0);
      for (let i = 0; i < length; i++) row[i]! -= shared * other[i]!;
    }
    const size = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    rows.push(row.map((value) => value / size));
  }
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) values[i * outputs + o] = inputs < outputs ? rows[i]![o]! : rows[o]![i]!;
  }
};
