import { join } from 'node:path';
import type { CompiledEncoder } from '@fsmr/backbones';
import { createRandom } from '@fsmr/core';
import { normalise, resizedScan, resizeSlice, type Scan } from '@fsmr/datasets';
import { encodePng, greyPicture, type Image2D, type Mask2D, maskPicture } from '@fsmr/imaging';
import { type Arm, predictMasks, sliceImage } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import type { Panel } from '../report/panel.js';
import { disagreement } from '../report/pictures.js';
import { reportPage } from '../report/report.js';
import { writeAtomically, writeJson } from '../run/files.js';
import { type ModelFile, withModel } from '../run/model-file.js';
import type { Versions } from '../run/versions.js';
import { mapFile, maskFile, type SegmentTask } from './segment-inputs.js';
import { checkTargets, claimTargets } from './segment-targets.js';

/** What `fsmr segment` is asked, inputs already read. */
export interface SegmentCommand {
  readonly task: SegmentTask;
  readonly weights: string;
  readonly out: string;
  readonly versions: Versions;
  /** For methods that draw random numbers. */
  readonly seed?: number | string | undefined;
  /** Edge of the squares the network sees, pixels; as it was trained unless given, which may be as images are. */
  readonly size?: number | undefined;
}

/**
 * Segments every query once a rater and writes masks, disagreement maps, areas and the report. Everything is computed
 * before the first file is written. Images are resized as those were that the model was trained on, and masks back.
 *
 * @returns the files written.
 * @throws WeightsError for a weights file that does not fit; InputError where a result would be written over something else.
 */
export async function segmentCommand({ task, weights, out, versions, seed, size }: SegmentCommand): Promise<string[]> {
  const queries = [...task.queries.keys()];
  const names = [
    ...queries.flatMap((query) => [...[...task.masks.keys()].map((rater) => maskFile(query, rater)), mapFile(query)]),
    'report.html',
    'areas.json',
  ];
  await checkTargets(out, names, task.inputs);
  const { predictions, modelConfig } = await withModel(weights, task.queries.size + 1, (model, encoder) => ({
    predictions: predictAll(task, { ...model, resize: size ?? model.resize }, encoder, seed),
    modelConfig: model.modelConfig,
  }));
  await claimTargets(out, names);
  const written: string[] = [];
  const write = async (name: string, content: Uint8Array | string): Promise<void> => {
    const path = join(out, name);
    await writeAtomically(path, content);
    written.push(path);
  };
  for (const [query, masks] of predictions) {
    for (const [rater, mask] of masks) await write(maskFile(query, rater), encodePng(maskPicture(mask)));
    const map = disagreement([...masks.values()]);
    await write(mapFile(query), encodePng(greyPicture(map, 0, 0.5)));
  }
  const areas = Object.fromEntries(
    [...predictions].map(([query, masks]) => [
      query,
      Object.fromEntries([...masks].map(([rater, { data }]) => [rater, data.reduce((sum, value) => sum + value, 0)])),
    ]),
  );
  await writeJson(join(out, 'areas.json'), areas);
  const panels = [...predictions].map(
    ([query, masks]): Panel => ({
      title: query,
      support: { image: task.support, masks: task.masks },
      query: { image: task.queries.get(query)! },
      predictions: new Map([['segmentation', masks]]),
    }),
  );
  await write(
    'report.html',
    reportPage({ title: 'Segmentation', panels, config: { weights, model: modelConfig }, versions }),
  );
  return [...written, join(out, 'areas.json')];
}

type Predictions = ReadonlyMap<string, ReadonlyMap<string, Mask2D>>;

function predictAll(
  task: SegmentTask,
  { model, parameters, calibrated, statistics, resize }: ModelFile,
  encoder: CompiledEncoder,
  seed: SegmentCommand['seed'],
): Predictions {
  const arm: Arm = { name: 'segmentation', model, parameters, mode: calibrated ? 'joint' : 'per-rater' };
  return tf.tidy(() => {
    const { width, height } = task.support;
    const seen = (image: Image2D, masks?: SegmentTask['masks']): Scan =>
      resize === undefined ? asScan(image, masks) : resizedScan(asScan(image, masks), resize);
    const features = (scan: Scan) => encoder.encode(sliceImage(normalise(scan, statistics), 0));
    const taught = seen(task.support, task.masks);
    const support = features(taught);
    const raters = [...task.masks.keys()];
    const [, rows, columns] = taught.size;
    const plane = rows * columns;
    const drawn = new Float32Array(raters.length * plane);
    for (const [index, rater] of raters.entries()) drawn.set(taught.labels[rater]!, index * plane);
    const masks = tf.tensor4d(drawn, [raters.length, 1, rows, columns]);
    const found = new Map<string, ReadonlyMap<string, Mask2D>>();
    for (const [query, image] of task.queries) {
      const random = seed === undefined ? undefined : createRandom(seed).fork(query);
      const values = predictMasks(arm, support, features(seen(image)), masks, random).dataSync();
      const predicted = raters.map((_, index) => Uint8Array.from(values.subarray(index * plane, (index + 1) * plane)));
      const sample = { height: rows, width: columns, image: new Float32Array(plane), masks: predicted };
      const own = resizeSlice(sample, height, width).masks;
      found.set(query, new Map(raters.map((rater, index) => [rater, { width, height, data: own[index]! }])));
    }
    return found as never;
  });
}

function asScan({ width, height, data }: Image2D, masks: SegmentTask['masks'] = new Map()): Scan {
  const labels = Object.fromEntries([...masks].map(([rater, mask]) => [rater, mask.data]));
  return { id: 'image', size: [1, height, width], image: data, labels };
}
