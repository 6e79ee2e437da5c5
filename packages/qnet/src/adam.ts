/** A vector that Adam moves, with the running moments of its gradient. */
export interface AdamState {
  readonly step: number;
  readonly values: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Constants of the optimiser; PyTorch's defaults but for the learning rate. */
export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** The constants of Q-Net's refinement. */
export const refinementAdam: AdamOptions = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** A vector at rest. */
export function adamStart(values: Float32Array): AdamState {
  return { step: 0, values, mean: new Float32Array(values.length), variance: new Float32Array(values.length) };
}

/** One step of Adam (Kingma and Ba 2015, algorithm 1). The old state is left as it is. */
export function adamStep(state: AdamState, gradient: ArrayLike<number>, options: AdamOptions): AdamState {
  const { learningRate, beta1, beta2, epsilon } = options;
  const step = state.step + 1;
  const mean = state.mean.map((value, i) => beta1 * value + (1 - beta1) * gradient[i]!);
  const variance = state.variance.map((value, i) => beta2 * value + (1 - beta2) * gradient[i]! ** 2);
  const meanScale = 1 - beta1 ** step;
  const varianceScale = 1 - beta2 ** step;
  const values = state.values.map(
    (value, i) => value - (learningRate * (mean[i]! / meanScale)) / (Math.sqrt(variance[i]! / varianceScale) + epsilon),
  );
  return { step, values, mean, variance };
}
