import { type Command, Option } from 'commander';
import type { EpisodePictures } from './commands/episode-pictures.js';
import { type InspectCommand, inspectCommand } from './commands/inspect.js';
import {
  type PrepareOptions,
  type PrepareQubiqOptions,
  prepareCurvasCommand,
  prepareQubiqCommand,
  prepareSingleRaterCommand,
} from './commands/prepare.js';
import { type StylesCommand, stylesCommand } from './commands/styles.js';
import { seedOf } from './run/seed.js';

/** Adds the words that deal with data and need no engine: prepare, inspect, styles. */
export function addDataCommands(program: Command): void {
  addPrepare(program);
  program
    .command('inspect')
    .description('look at every scan: sizes, raters, agreement between them, and what is missing or odd')
    .argument('<source>', 'a configuration file, a folder of cases, or a folder fsmr prepare wrote')
    .option('--json <file>', 'also write the numbers as JSON')
    .option('--sheet <file>', 'also write a PNG with up to 16 scans and every outline')
    .option(
      '--episodes <n>',
      'also draw so many training episodes: superpixel, support, query, simulated raters',
      Number,
    )
    .option('--out <folder>', 'where episodes are drawn', 'episodes')
    .option('--raters <n>', 'simulated raters of an episode; as configured unless given, 4 of a folder', Number)
    .addOption(
      new Option('--styles <name>', 'how far their styles go; as configured unless given, rich of a folder').choices([
        'mild',
        'rich',
      ]),
    )
    .option('--seed <seed>', 'same seed, same episodes', '1234')
    .action(async (source: string, options: InspectOptions) => inspectCommand(inspection(source, options), print));
  program
    .command('styles')
    .description('draw what simulated raters make of a mask: grey stays, green is added, red is taken away')
    .requiredOption('--mask <image>', 'PNG with two values')
    .requiredOption('--out <image>', 'the gallery, a PNG')
    .addOption(new Option('--preset <name>', 'how far styles go').choices(['mild', 'rich']).default('rich'))
    .option('--count <number>', 'how many styles', Number, 16)
    .option('--seed <seed>', 'same seed, same styles', '1234')
    .action(async (options: StylesCommand & { seed: string }) =>
      print(await stylesCommand({ ...options, seed: seedOf(options.seed) })),
    );
}

interface InspectOptions extends Omit<EpisodePictures, 'count'> {
  readonly json?: string;
  readonly sheet?: string;
  readonly episodes?: number;
  readonly seed: string;
}

function inspection(source: string, { json, sheet, episodes, seed, ...drawn }: InspectOptions): InspectCommand {
  if (episodes === undefined) return { source, json, sheet };
  return { source, json, sheet, episodes: { count: episodes, seed: seedOf(seed), ...drawn } };
}

const downloads = `
Raw layouts, and where the data comes from:
  curvas   <raw>/[training_set/]<case>/image.nii.gz, annotation_1.nii.gz to annotation_3.nii.gz (CURVAS challenge, Zenodo)
  qubiq    <training>/<task>/Training/<case>/image.nii.gz, task01_seg01.nii.gz, ... (QUBIQ 2021 challenge)
  sabs     img0001.nii.gz, label0001.nii.gz anywhere below <raw> (Synapse, BTCV abdomen)
  chaost2  <raw>/Train_Sets/MR/<id>/T2SPIR/DICOM_anon/*.dcm, Ground/*.png (CHAOS challenge, Zenodo)
           or image_1.nii.gz, label_1.nii.gz converted before, labels 0 to 4
  cmr      patient1_C0.nii.gz, patient1_C0_manual.nii.gz anywhere below <raw> (MS-CMRSeg 2019, bSSFP)
           or image_1.nii.gz, label_1.nii.gz
Only what is missing is done; an interrupted preparation goes on when started again.
Train on the result with { "data": { "kind": "prepared", "folder": "<out>" } }.`;

function addPrepare(program: Command): void {
  const prepare = program
    .command('prepare')
    .description('turn a raw download into what training and evaluation read, checking everything on the way')
    .addHelpText('after', downloads);
  const word = (name: string, description: string): Command =>
    prepare
      .command(name)
      .description(description)
      .requiredOption('--out <folder>', 'gets image_{k}.nii.gz, label_{k}_{r}.nii.gz, superpixels, preparation.json')
      .option('--no-superpixels', 'leave superpixels to training, which then makes them when it needs them')
      .option('--workers <n>', 'threads that cut superpixels, one for each processor when not given', Number)
      .option('--verify', 'look at contents, not only sizes, to decide what is done already');
  word('curvas', 'abdominal CT by three raters; once a split, each from and into a folder of its own')
    .argument('<raw>', 'folder of the cases')
    .option('--pdac', 'the tumour set CURVAS-PDAC in the same layout')
    .action(async (raw: string, options: PrepareOptions & { pdac?: boolean }) =>
      print(await prepareCurvasCommand(raw, options)),
    );
  word('qubiq', 'every task and subtask found, each split into {task}/taskTT/{Training|Validation}')
    .argument('<training>', 'training_data_v3_QC of the download')
    .option('--validation <folder>', 'validation_data_qubiq2021_QC of the download')
    .option('--tasks <name...>', 'these tasks, such as brain-growth')
    .action(async (training: string, options: PrepareQubiqOptions) =>
      print(await prepareQubiqCommand(training, options)),
    );
  for (const set of ['SABS', 'CHAOST2', 'CMR'] as const) {
    word(set.toLowerCase(), 'one rater')
      .argument('<raw>', 'folder of images and labels')
      .action(async (raw: string, options: PrepareOptions) =>
        print(await prepareSingleRaterCommand(set, raw, options)),
      );
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
