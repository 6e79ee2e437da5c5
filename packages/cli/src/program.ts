import { describeDiagnosis, doctor } from '@fsmr/engine';
import { Command } from 'commander';
import { segmentCommand } from './commands/segment.js';
import { readSegmentTask } from './commands/segment-inputs.js';
import {
  checkImageWords,
  isVolume,
  readVolumeTask,
  squareSize,
  type VolumeWords,
  volumeOptions,
} from './commands/segment-volume-inputs.js';
import { segmentVolumesCommand } from './commands/segment-volumes.js';
import { addDataCommands } from './program-data.js';
import { addEvaluationCommands } from './program-evaluation.js';
import { addResultCommands } from './program-results.js';
import { addTrainingCommands } from './program-training.js';
import { startConfiguredEngine } from './run/engine.js';
import { interruptSignal } from './run/interrupt.js';
import { seedOf } from './run/seed.js';

const configHelp = `
The configuration is JSON. A folder of images outlined by several people needs no more than
  { "data": { "kind": "folder", "folder": "cases" } }
where cases/<case>/image.png lies beside one mask a rater (anna.png, ben.png; white is foreground).
A published experiment on data that fsmr prepare wrote needs
  { "preset": { "name": "curvas", "setting": 2, "labelSet": 1, "root": "data/curvas" }, "model": { "method": "dspnet" } }
whose own keys win over those of the preset.
Other keys, all optional:
  name, seed              title of the report; any number or text
  data.kind               folder; phantom (scans, size, raters); bubil, lidc; prepared (what fsmr prepare wrote)
  data.raters             names in order, or a pattern such as "*_amira"
  data.classes, .classOf  class names; "prefix" if case names start with them
  data.group              manifest field that must not be split (patient)
  data.test               a prepared folder of its own for evaluation
  data.modality           CT (normalised with the training scans' statistics), MR, other (scan by scan)
  resize                  slices become squares of this many pixels
  split.evaluation, .fold share kept for evaluation, which share
  model.backbone          tiny, resnet18, resnet34, resnet50, resnet101, qnet, rpt
  model.layers, .channels stages kept of a resnet (1 to 4), channels of its head
  model.depth, .strideOn  resnet of a qnet or rpt backbone; "1x1" for weights from Keras
  model.weights           .pth, .safetensors or .npz to start the backbone from
  model.method            alpnet, dspnet, qnet, rpt;  model.methodOptions: its options
  model.japc              options of JAPC: preset, operator, temperature, ...
  training.steps          budget of each arm
  training.firstStage     share of JAPC's budget without raters and calibration, 0.5 unless given
  training.restart        false: the second stage goes on with schedule and momentum instead of starting anew
  training.raters, .styles (none, mild, rich), .augmentation (none, sabs_aug, aug_v3), .superpixelArea,
           .learningRate, .momentum, .weightDecay, .calibrationWeight, .alignmentWeight, .boundWeight, .clipNorm, .classWeights,
           .freezeBackbone, .freezeStatistics, .checkpointEvery, .decay (factor, every),
           .groups: [{ name, match: { prefix, contains, without }, learningRateFactor, weightDecayFactor }]
  training.exclude        Setting 2: slices that show one of these classes do not train
  evaluation.supports     "all", or cases by name or position (-1 is the last);  evaluation.classes, .panels
  evaluation.nan          Dice of nothing predicted and nothing true: skip, or propagate as published
  evaluation.arms         base, japc, consensus, nearest-style, mrnet, dpersona, supervised
  evaluation.baselines    how mrnet, dpersona and supervised learn: .epochs, .learningRate, .augmentation, .start
           (backbone, base), .supports ("all", so many of each class, case names), .slices (support, all), .mrnet, .dpersona, .supervised
  engine.backend, .threads, .loaders (threads that make training episodes ahead; 0: none)
Results: config.json, versions.json, metrics.json, metrics.csv, scans.csv, weights/*.safetensors, overlays/*.png, report.html.`;

/**
 * The fsmr command, its words and their meaning.
 *
 * @param version what `--version` says
 */
export function createProgram(version = 'unknown'): Command {
  const program = new Command('fsmr')
    .version(version)
    .description('Few-shot multi-rater segmentation: one outlined image in, one mask a rater out.')
    .showHelpAfterError();
  addTrainingCommands(program, configHelp);
  addEvaluationCommands(program, configHelp);
  program
    .command('segment')
    .description('segment images or volumes in the style of each rater of one outlined support')
    .requiredOption('--support <file>', 'PNG, or a volume: .nii.gz, .nii, .nrrd, .mha, the folder of a DICOM series')
    .requiredOption('--mask <rater=file...>', 'a mask a rater on the pixels of the support; white is foreground')
    .requiredOption('--query <file...>', 'PNGs of the size of the support, or volumes cut in its direction')
    .requiredOption('--weights <file>', 'weights/*.safetensors of an fsmr run')
    .requiredOption('--out <folder>', 'gets <query>_<rater>, <query>_disagreement, areas or volumes, report.html')
    .option('--backend <name>', 'TensorFlow.js backend, the fastest that works otherwise')
    .option('--seed <seed>', 'images: for methods that draw random numbers')
    .option('--label <value>', 'volumes: the value of the structure in the masks, where they hold several')
    .option(
      '--slices <first-last>',
      'volumes: slices of each query that may show it, as its file counts from 0; all otherwise',
    )
    .option('--window <low,high>', 'volumes: clip intensities, as prepared CT is to -125,275')
    .option(
      '--size <pixels>',
      'edge of the squares that slices become; as in training unless given, of volumes 256 where nothing was resized there',
    )
    .action(async (options: SegmentOptions) => {
      const { weights, out } = options;
      const start = () => startConfiguredEngine(options.backend === undefined ? {} : { backend: options.backend });
      const images = async (): Promise<string[]> => {
        checkImageWords(options);
        const size = squareSize(options.size);
        const task = await readSegmentTask(options);
        const seed = options.seed === undefined ? undefined : seedOf(options.seed);
        return segmentCommand({ task, weights, out, versions: await start(), seed, size });
      };
      const volumes = async (): Promise<string[]> => {
        const task = await readVolumeTask(options, volumeOptions(options));
        const versions = await start();
        const { signal, release } = interruptSignal();
        return segmentVolumesCommand({ task, weights, out, versions, signal }).finally(release);
      };
      const found = await Promise.all([options.support, ...options.query].map(isVolume));
      const written = await (found.includes(true) ? volumes() : images());
      process.stdout.write(`${written.join('\n')}\n`);
    });
  addResultCommands(program);
  addDataCommands(program);
  program
    .command('doctor')
    .description('say which engine starts on this machine, how fast it is, and why faster ones did not start')
    .option('--backend <name>', 'examine this one')
    .action(async ({ backend }: { backend?: string }) => {
      const diagnosis = await doctor(backend === undefined ? {} : { backend: backend as never });
      process.stdout.write(`${describeDiagnosis(diagnosis)}\n`);
    });
  return program;
}

interface SegmentOptions extends VolumeWords {
  readonly support: string;
  readonly mask: readonly string[];
  readonly query: readonly string[];
  readonly weights: string;
  readonly out: string;
  readonly backend?: string;
  readonly seed?: string;
}
