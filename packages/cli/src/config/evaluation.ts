import { z } from 'zod';

const positive = z.number().positive();
const count = z.number().int().min(1);

/** What is compared with the few-shot arms: networks trained on each support, or on all training scans. */
const baselines = z.strictObject({
  epochs: count
    .default(50)
    .describe('passes over what each learns from; D-Persona makes as many in each of two stages'),
  learningRate: positive.optional().describe('1e-4 as published unless given'),
  augmentation: z.enum(['none', 'sabs_aug', 'aug_v3']).default('sabs_aug'),
  start: z
    .enum(['backbone', 'base'])
    .default('backbone')
    .describe('where their encoder starts: as the backbone of the run did, or as the base arm ended'),
  supports: z
    .union([z.literal('all'), count, z.array(z.string()).min(1)])
    .default('all')
    .describe('supports mrnet and dpersona learn from: all, so many of each class, or these'),
  slices: z
    .enum(['support', 'all'])
    .optional()
    .describe('slices of a support that mrnet and dpersona learn from: those that are taught, or all with the class'),
  mrnet: z
    .strictObject({
      width: count.optional(),
      reconstructionWidth: count.optional(),
      refinementWidth: count.optional(),
      weightDecay: z.number().min(0).optional(),
    })
    .default({}),
  dpersona: z
    .strictObject({ headPadding: z.union([z.literal(1), z.literal(3)]).optional(), bank: count.optional() })
    .default({}),
  supervised: z
    .strictObject({
      epochs: count.optional().describe('in place of the epochs of all, as it learns from many more images'),
      batch: count.optional(),
      slicesPerScan: count.optional(),
    })
    .default({}),
});

/** What is evaluated, and with which arms. */
export const evaluationSchema = z.strictObject({
  supports: z
    .union([z.literal('all'), z.array(z.union([z.string(), z.number().int()])).min(1)])
    .default('all')
    .describe('evaluated scans that are support: all, or these by name or position, negative from the end'),
  classes: z.array(z.string()).min(1).optional().describe('tested classes by name; all unless given'),
  arms: z
    .array(z.enum(['base', 'japc', 'consensus', 'nearest-style', 'mrnet', 'dpersona', 'supervised']))
    .min(1)
    .refine((arms) => new Set(arms).size === arms.length, 'an arm is named twice')
    .default(['base', 'japc', 'consensus']),
  nan: z
    .enum(['skip', 'propagate'])
    .default('skip')
    .describe('Dice of nothing predicted and nothing true, 0/0: left out of means, or as published making them NaN'),
  baselines: baselines.prefault({}).describe('how mrnet, dpersona and supervised learn'),
  panels: z.number().int().min(0).default(4).describe('queries shown in the report'),
});
