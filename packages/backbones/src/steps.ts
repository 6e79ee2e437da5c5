import type { ConvNorm } from './resnet/graph.js';

/** A bare convolution: a head without normalisation. */
export interface Head {
  readonly weight: string;
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * What encoders are made of. An encoder is one function over these steps; running it on tensors computes features,
 * running it on names writes an ONNX graph, so the two cannot drift apart.
 */
export interface Steps<Value> {
  /** Convolution, batch normalisation, then residual and relu where wanted. */
  convNorm(x: Value, step: ConvNorm, residual?: Value): Value;
  /** Convolution alone, padded so that the size stays. */
  head(x: Value, head: Head): Value;
  /** The maximum of 3x3 windows, stride 2, padding 1. */
  maxPool(x: Value): Value;
  /** The mean over all positions: [B, H, W, C] to [B, C]. */
  mean(x: Value): Value;
  /** A linear layer with bias: [B, in] to [B, out]. */
  linear(x: Value, name: string): Value;
  /** Says that a value is not needed any more. */
  free(x: Value): void;
}

/** What an encoder returns: its maps, finest first, and the threshold where it has one. */
export interface Encoded<Value> {
  readonly maps: readonly Value[];
  readonly threshold?: Value;
}

/** An encoder as a function over its steps. */
export type Plan = <Value>(steps: Steps<Value>, images: Value) => Encoded<Value>;
