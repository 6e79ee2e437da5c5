import { join } from 'node:path';
import type { CompiledEncoder } from '@fsmr/backbones';
import { createRandom } from '@fsmr/core';
import { normalise, type Scan } from '@fsmr/datasets';
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

/** What `fsmr segment` is asked, inputs already read. */
export interface SegmentCommand {
  readonly task: SegmentTask;
  readonly weights: string;
  readonly out: string;
  readonly versions: Versions;
  /** For methods that draw random numbers. */
  readonly seed?: number | string | undefined;
}

/**
 * Segments every query once a rater and writes masks, disagreement maps, areas and the report. Everything is computed
 * before the first file is written.
 *
 * @returns the files written.
 * @throws WeightsError for a weights file that does not fit.
 */
export async function segmentCommand({ task, weights, out, versions, seed }: SegmentCommand): Promise<string[]> {
  const { predictions, modelConfig } = await withModel(weights, task.queries.size + 1, (model, encoder) => ({
    predictions: predictAll(task, model, encoder, seed),
    modelConfig: model.modelConfig,
  }));
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
  { model, parameters, calibrated, statistics }: ModelFile,
  encoder: CompiledEncoder,
  seed: SegmentCommand['seed'],
): Predictions {
  const arm: Arm = { name: 'segmentation', model, parameters, mode: calibrated ? 'joint' : 'per-rater' };
  return tf.tidy(() => {
    const { width, height } = task.support;
    const features = (image: Image2D) => encoder.encode(sliceImage(normalise(asScan(image), statistics), 0));
    const support = features(task.support);
    const raters = [...task.masks.keys()];
    const plane = width * height;
    const drawn = new Float32Array(raters.length * plane);
    for (const [index, { data }] of [...task.masks.values()].entries()) drawn.set(data, index * plane);
    const masks = tf.tensor4d(drawn, [raters.length, 1, height, width]);
    const found = new Map<string, ReadonlyMap<string, Mask2D>>();
    for (const [query, image] of task.queries) {
      const random = seed === undefined ? undefined : createRandom(seed).fork(query);
      const values = predictMasks(arm, support, features(image), masks, random).dataSync();
      const ofRater = (index: number): Mask2D => ({
        width,
        height,
        data: Uint8Array.from(values.subarray(index * plane, (index + 1) * plane)),
      });
      found.set(query, new Map(raters.map((rater, index) => [rater, ofRater(index)])));
    }
    return found as never;
  });
}

function asScan({ width, height, data }: Image2D): Scan {
  return { id: 'image', size: [1, height, width], image: data, labels: {} };
}
