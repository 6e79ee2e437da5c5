/** All native kernels. */
import { batchNormKernels, ownBatchNormKernels } from './batch-norm.js';
import { binaryKernels } from './binary.js';
import { conv2dKernels, ownConvolutionKernels } from './conv2d.js';
import { graphKernels } from './graph.js';
import type { KernelTable } from './kernel.js';
import { matmulKernels } from './matmul.js';
import { reduceKernels } from './reduce.js';
import { unaryKernels } from './unary.js';

/** Kernels that replace those of the cpu backend where they apply. */
export const nativeKernels: KernelTable = {
  ...unaryKernels,
  ...binaryKernels,
  ...reduceKernels,
  ...matmulKernels,
  ...conv2dKernels,
  ...batchNormKernels,
};

/** Kernels that other backends do not have. */
export const ownKernels: KernelTable = { ...ownConvolutionKernels, ...ownBatchNormKernels, ...graphKernels };
