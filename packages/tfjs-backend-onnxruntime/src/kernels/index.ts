/** All native kernels. */
import { batchNormKernels } from './batch-norm.js';
import { ownBatchNormKernels } from './batch-norm-train.js';
import { binaryKernels } from './binary.js';
import { conv2dKernels, ownConvolutionKernels } from './conv2d.js';
import { depthwiseKernels } from './depthwise.js';
import { graphKernels } from './graph.js';
import type { KernelTable } from './kernel.js';
import { layoutKernels } from './layout.js';
import { matmulKernels } from './matmul.js';
import { poolKernels } from './pool.js';
import { reduceKernels } from './reduce.js';
import { resizeKernels } from './resize.js';
import { sgdKernels } from './sgd.js';
import { unaryKernels } from './unary.js';
import { unpackKernels } from './unpack.js';

/** Kernels that replace those of the cpu backend where they apply. */
export const nativeKernels: KernelTable = {
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...matmulKernels,
  ...conv2dKernels,
  ...batchNormKernels,
  ...depthwiseKernels,
  ...poolKernels,
  ...resizeKernels,
  ...layoutKernels,
  ...unpackKernels,
};

/** Kernels that other backends do not have. */
export const ownKernels: KernelTable = {
  ...ownConvolutionKernels,
  ...ownBatchNormKernels,
  ...graphKernels,
  ...sgdKernels,
};
