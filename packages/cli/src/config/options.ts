import { z } from 'zod';

const positive = z.number().positive();
const share = z.number().min(0).lt(1);
const count = z.number().int().min(1);

const alpnetKeys = {
  foregroundThreshold: share.optional(),
  backgroundThreshold: share.optional(),
  protoGridSize: count.optional(),
  evaluationWindow: count.optional(),
  scale: positive.optional(),
  emptyGrid: z.enum(['class-prototype', 'none']).optional(),
  alignment: z
    .strictObject({
      predictedMask: z.enum(['image', 'features']),
      targets: z.enum(['image', 'features']),
      skipEmpty: z.boolean(),
    })
    .optional(),
};

/** The options of each method that JSON can hold; the packages of the methods explain them. */
export const methodOptionSchemas = {
  alpnet: z.strictObject(alpnetKeys),
  dspnet: z.strictObject({
    ...alpnetKeys,
    foregroundAlpha: z.number().optional(),
    backgroundAlpha: z.number().optional(),
    maximumSeeds: z.number().int().min(0).optional(),
    areaPerSeed: positive.optional(),
    clusteringSteps: z.number().int().min(0).optional(),
    seedGrid: z.enum(['upright', 'transposed']).optional(),
  }),
  qnet: z.strictObject({
    alpha: z.array(z.number().min(0)).min(1).optional(),
    iterations: z.number().int().min(0).optional(),
  }),
  rpt: z.strictObject({
    regions: count.optional(),
    iterations: z.number().int().min(0).optional(),
    dropout: share.optional(),
    firstRegion: z.enum(['seeded', 'published']).optional(),
    lossWeights: z
      .strictObject({
        periphery: z.number().optional(),
        mse: z.number().optional(),
        query: z.number().optional(),
      })
      .optional(),
  }),
} as const;

/** The options of `@fsmr/japc`. */
export const japcOptionSchema = z.strictObject({
  preset: z.enum(['default', 'paper', 'released']).optional(),
  operator: z.enum(['joint-softmax', 'joint-sigmoid', 'gate', 'residual-mlp']).optional(),
  loss: z.enum(['mean', 'row', 'sum']).optional(),
  consensus: z.enum(['soft', 'majority']).optional(),
  comparison: z.enum(['nearest', 'mean', 'one-to-one']).optional(),
  projections: z.enum(['shared', 'separate']).optional(),
  normalize: z.boolean().optional(),
  normalizeRows: z.boolean().optional(),
  bias: z.boolean().optional(),
  initialisation: z.enum(['similarity', 'torch']).optional(),
  sharpness: positive.optional(),
  temperature: positive.optional(),
  residual: z.union([z.number(), z.literal(false)]).optional(),
  projectionWidth: z.union([count, z.enum(['full', 'budget'])]).optional(),
  oneRater: z.enum(['base', 'calibrate']).optional(),
  prefix: z.string().optional(),
});
