import { heKernel, normSpecs, type ParameterSpecs } from '../parameters.js';
import { allConvNorms } from './graph.js';
import type { ResNetLayout } from './layout.js';

/** The parameters of a residual network below a prefix such as `backbone.`, named as torchvision names them. */
export function resnetSpecs(layout: ResNetLayout, prefix: string): ParameterSpecs {
  return Object.assign(
    {},
    ...allConvNorms(layout).map(({ conv, norm, size, inputs, outputs }) => ({
      [`${prefix}${conv}`]: heKernel(size, inputs, outputs),
      ...normSpecs(`${prefix}${norm}`, outputs),
    })),
  ) as ParameterSpecs;
}
