import type { Steps } from '../steps.js';
import { blockGraph, type ConvNorm, stemGraph } from './graph.js';
import type { BlockLayout, ResNetLayout } from './layout.js';

const below = (prefix: string, step: ConvNorm): ConvNorm => ({
  ...step,
  conv: `${prefix}${step.conv}`,
  norm: `${prefix}${step.norm}`,
});

/** One residual block; its input stays the caller's. */
export function runBlock<Value>(steps: Steps<Value>, x: Value, layout: BlockLayout, prefix: string): Value {
  const { path, downsample } = blockGraph(layout);
  const identity = downsample === undefined ? x : steps.convNorm(x, below(prefix, downsample));
  let y = x;
  path.forEach((step, index) => {
    const residual = index === path.length - 1 ? identity : undefined;
    const next = steps.convNorm(y, below(prefix, step), residual);
    if (y !== x) steps.free(y);
    y = next;
  });
  if (identity !== x) steps.free(identity);
  return y;
}

/**
 * Stem and stages of a residual network.
 *
 * @param keep the stages whose maps are returned, counted from 0; the others are freed as soon as they are used.
 * @returns the kept maps, finest first.
 */
export function resnetStages<Value>(
  steps: Steps<Value>,
  images: Value,
  layout: ResNetLayout,
  prefix: string,
  keep: readonly number[],
): Value[] {
  const stem = steps.convNorm(images, below(prefix, stemGraph(layout)));
  let x = steps.maxPool(stem);
  steps.free(stem);
  const kept: Value[] = [];
  layout.stages.forEach((stage, index) => {
    for (const block of stage) {
      const y = runBlock(steps, x, block, prefix);
      if (!kept.includes(x)) steps.free(x);
      x = y;
    }
    if (keep.includes(index)) kept.push(x);
  });
  if (!kept.includes(x)) steps.free(x);
  return kept;
}
