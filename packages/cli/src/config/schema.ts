import { type PublishedName, publishedTables } from '@fsmr/datasets';
import { z } from 'zod';
import { evaluationSchema } from './evaluation.js';
import { japcOptionSchema, methodOptionSchemas } from './options.js';

/** Where images and masks come from. */
const folderData = z.strictObject({
  kind: z.literal('folder'),
  folder: z.string().describe('one subfolder a case: image.png or image.nii.gz, and a mask a rater'),
  raters: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('names in order, or a pattern like "*_amira"'),
  classes: z.array(z.string()).min(1).optional(),
  classOf: z.literal('prefix').optional().describe('the case name starts with its class'),
  group: z.string().optional().describe('manifest field that must not be split, such as patient'),
  modality: z.enum(['CT', 'MR', 'other']).optional(),
});

const phantomData = z.strictObject({
  kind: z.literal('phantom'),
  scans: z.number().int().min(2).default(24),
  size: z.number().int().min(32).multipleOf(8).default(128),
  raters: z.number().int().min(1).max(32).default(4),
});

const presetData = z.strictObject({
  kind: z.enum(['bubil', 'lidc']),
  folder: z.string(),
});

const preparedData = z.strictObject({
  kind: z.literal('prepared'),
  folder: z.string().describe('what fsmr prepare wrote: image_{k}.nii.gz, label_{k}_{r}.nii.gz'),
  test: z.string().optional().describe('another such folder: its scans are evaluated, those of folder train'),
  classes: z.array(z.string()).min(1).optional(),
  modality: z.enum(['CT', 'MR', 'other']).optional(),
  table: z
    .enum(Object.keys(publishedTables) as [PublishedName, ...PublishedName[]])
    .optional()
    .describe('the published set it is, where no preparation.json says classes, modality and foreground'),
});

const positive = z.number().positive();

const parameterGroup = z.strictObject({
  name: z.string().min(1),
  match: z
    .strictObject({
      prefix: z.string().optional(),
      contains: z.string().optional(),
      without: z.array(z.string().min(1)).optional(),
    })
    .describe('names of parameters that start with prefix, contain contains, and contain nothing of without'),
  learningRateFactor: z.number().min(0).describe('on the learning rate; 0 leaves the group as it is'),
  weightDecayFactor: z.number().min(0).optional(),
});

const model = z
  .strictObject({
    backbone: z.enum(['tiny', 'resnet18', 'resnet34', 'resnet50', 'resnet101', 'qnet', 'rpt']).default('tiny'),
    layers: z
      .number()
      .int()
      .min(1)
      .max(4)
      .optional()
      .describe('residual stages kept of a resnet, qnet or rpt backbone'),
    depth: z
      .union([z.literal(18), z.literal(34), z.literal(50), z.literal(101)])
      .optional()
      .describe('of the resnet in a qnet or rpt backbone, 101 unless given'),
    strideOn: z
      .enum(['3x3', '1x1'])
      .optional()
      .describe('the convolution of a bottleneck that strides: 3x3 as in torchvision, 1x1 as in Keras weights'),
    channels: z.number().int().min(8).optional(),
    weights: z.string().optional().describe('.pth, .safetensors or .npz to start the backbone from'),
    method: z.enum(['alpnet', 'dspnet', 'qnet', 'rpt']).default('alpnet'),
    methodOptions: z.record(z.string(), z.unknown()).default({}),
    japc: z.record(z.string(), z.unknown()).default({}).describe('options of @fsmr/japc, such as preset or operator'),
  })
  // Which options there are depends on the method, so they are checked once it is known.
  .superRefine(({ method, methodOptions, japc }, context) => {
    const checked = [
      ['methodOptions', methodOptionSchemas[method].safeParse(methodOptions)],
      ['japc', japcOptionSchema.safeParse(japc)],
    ] as const;
    for (const [key, { error }] of checked) {
      for (const { path, message } of error?.issues ?? []) {
        context.addIssue({ code: 'custom', path: [key, ...path], message });
      }
    }
  });

/** Slices of more pixels along an edge fit into no memory with their features. */
export const largestSquare = 4096;

/** The whole configuration of a run; every key is known, every value checked. */
export const configSchema = z.strictObject({
  name: z.string().optional(),
  seed: z.union([z.number().int(), z.string()]).default(1234),
  data: z.discriminatedUnion('kind', [folderData, phantomData, presetData, preparedData]),
  resize: z
    .number()
    .int()
    .min(16)
    .max(largestSquare)
    .multipleOf(8)
    .optional()
    .describe('slices become squares of this size, in pixels'),
  split: z
    .strictObject({
      evaluation: z.number().gt(0).max(1).default(0.5).describe('share of the groups kept for evaluation'),
      fold: z.number().int().min(0).default(0).describe('which share, counted from 0'),
    })
    .default({ evaluation: 0.5, fold: 0 }),
  model: model.default({ backbone: 'tiny', method: 'alpnet', methodOptions: {}, japc: {} }),
  training: z
    .strictObject({
      steps: z.number().int().min(2).default(400).describe('the budget T of each arm'),
      firstStage: z.number().min(0).lt(1).default(0.5).describe('share of the budget that trains the base before JAPC'),
      restart: z
        .boolean()
        .optional()
        .describe('whether the second stage starts schedule and momentum anew, as published; it does unless false'),
      raters: z.number().int().min(1).max(32).optional().describe('simulated raters; those of the data unless given'),
      styles: z.enum(['none', 'mild', 'rich']).default('rich'),
      augmentation: z.enum(['none', 'sabs_aug', 'aug_v3']).default('sabs_aug'),
      exclude: z
        .array(z.string())
        .min(1)
        .optional()
        .describe('Setting 2: slices on which any rater drew one of these classes do not train'),
      superpixelArea: positive.default(400).describe('smallest superpixel, pixels'),
      learningRate: positive.default(1e-3),
      momentum: z.number().min(0).lt(1).default(0.9),
      weightDecay: z.number().min(0).default(5e-4),
      decay: z
        .strictObject({ factor: positive.max(1), every: z.number().int().min(1) })
        .optional()
        .describe('the learning rate is multiplied by factor after every so many steps; 0.95 every 1000 unless given'),
      groups: z
        .array(parameterGroup)
        .optional()
        .describe('parameters with a pace of their own; the first group that holds a parameter counts'),
      calibrationWeight: z.number().min(0).default(1),
      alignmentWeight: z.number().min(0).default(1),
      boundWeight: z
        .number()
        .min(0)
        .optional()
        .describe('of the loss on what all and what any raters mark; not computed unless given'),
      classWeights: z
        .tuple([z.number().min(0), z.number().min(0)])
        .optional()
        .describe('of background and foreground in the segmentation loss; those of the method unless given'),
      clipNorm: positive.optional(),
      freezeBackbone: z.number().int().min(0).default(0),
      freezeStatistics: z.boolean().default(false).describe('keep the running statistics of batch normalisation'),
      checkpointEvery: z.number().int().min(1).default(100),
    })
    .prefault({}),
  evaluation: evaluationSchema.prefault({}),
  engine: z
    .strictObject({
      backend: z.string().optional(),
      threads: z.number().int().min(1).optional(),
      loaders: z.number().int().min(0).optional().describe('threads that make training episodes ahead'),
    })
    .default({}),
});

/** A checked configuration with every default filled in. */
export type RunConfig = z.output<typeof configSchema>;

/** A configuration as people write it. */
export type RunConfigInput = z.input<typeof configSchema>;
