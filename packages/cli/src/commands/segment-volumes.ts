import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InterruptedError } from '@fsmr/core';
import { resizedScan, resizeSlice, type Scan } from '@fsmr/datasets';
import {
  createLabelVolume,
  createVolume,
  type Image2D,
  imageSlice,
  type Mask2D,
  maskArea,
  reorient,
  type Volume,
  writeNifti,
} from '@fsmr/imaging';
import { createFeatureStore, fewShotSegmenter, type Learned } from '@fsmr/training';
import type { Panel } from '../report/panel.js';
import { disagreement } from '../report/pictures.js';
import { reportPage } from '../report/report.js';
import { writeAtomically, writeJson } from '../run/files.js';
import { withModel } from '../run/model-file.js';
import { createProgress } from '../run/progress.js';
import type { SegmentCommand } from './segment.js';
import { checkTargets, claimTargets } from './segment-targets.js';
import { type OrientedQuery, partOf, readQuery, type VolumeTask } from './segment-volume-inputs.js';
import { type RaterVolumes, segmentedVolumes, volumeFile } from './segmented-volumes.js';

/** What `fsmr segment` is asked about volumes, inputs already checked. */
export type VolumeCommand = Omit<SegmentCommand, 'task' | 'seed'> & {
  readonly task: VolumeTask;
  readonly signal: AbortSignal;
};

/**
 * Segments every query volume once a rater, slice by slice, each with the support slice of its part, as volumes are
 * evaluated (evaluation sections 9.2 and 9.3). A query's files are written when it is done, on its own grid; one that the
 * folder already holds, made in the same way, is not segmented again.
 *
 * @returns the files of all queries, tables and report.
 * @throws WeightsError for a weights file that does not fit; InterruptedError when the signal came, between two slices.
 */
export async function segmentVolumesCommand(command: VolumeCommand): Promise<string[]> {
  const { task, weights, out, versions, signal } = command;
  const written: string[] = [];
  const panels: Panel[] = [];
  const sizes: Record<string, Record<string, Measure>> = {};
  const modelConfig = await withModel(weights, Number.POSITIVE_INFINITY, async (file, encoder) => {
    const { model, parameters, calibrated, statistics } = file;
    const side = task.size ?? file.resize ?? publishedSide;
    const features = createFeatureStore((images) => encoder.encode(images), statistics, featureBytes);
    const arm = { name: 'segmentation', model, parameters, mode: calibrated ? 'joint' : 'per-rater' } as const;
    const raters = [...task.masks.keys()];
    const scan = resizedScan(scanOf('support', task.support, task.masks), side);
    const lesson = { scan, slices: task.parts, classId: 1, className: 'structure', raters, seed: 0 };
    const learned = await fewShotSegmenter(arm, features).learn(lesson);
    try {
      const tables = ['volumes.json', 'report.html'];
      const masksOf = (query: string): string[] => [...raters, 'disagreement'].map((name) => volumeFile(query, name));
      await checkTargets(out, [...[...task.queries.keys()].flatMap(masksOf), ...tables], task.inputs);
      await claimTargets(out, tables);
      const done = await segmentedVolumes(command, side);
      for (const [query, path] of task.queries) {
        const read = await readQuery(task, path);
        const { volume, range } = read;
        const known = await done.find(query, read);
        const masks = known ?? (await segmentVolume({ task, side, signal }, learned, read, query));
        if (masks === undefined) {
          throw new InterruptedError(`segmenting stopped after ${panels.length} of ${task.queries.size} volumes.`, {
            remedy: 'Give the same command again to go on.',
          });
        }
        const files = masksOf(query);
        if (known === undefined) {
          await claimTargets(out, files);
          await writeMasks(out, query, read, masks);
          await done.add(query, read, files);
        }
        written.push(...files.map((name) => join(out, name)));
        sizes[query] = Object.fromEntries([...masks].map(([rater, data]) => [rater, measured(data, volume)]));
        panels.push(panelOf(task, query, { volume, range }, masks));
      }
    } finally {
      learned.dispose();
      features.dispose();
    }
    return file.modelConfig;
  });
  const page = { title: 'Segmentation', panels, config: { weights, model: modelConfig }, versions };
  await writeJson(join(out, 'volumes.json'), sizes);
  await writeAtomically(join(out, 'report.html'), reportPage(page));
  return [...written, join(out, 'volumes.json'), join(out, 'report.html')];
}

/** Edge of slices in preparation as published, pixels. */
const publishedSide = 256;

/** Features are used once, but for those of the support. */
const featureBytes = 2 ** 28;

function scanOf(id: string, { size, data }: Volume, labels: RaterVolumes = new Map()): Scan {
  return { id, size: [size[2], size[1], size[0]], image: data, labels: Object.fromEntries(labels) };
}

type Query = Pick<OrientedQuery, 'volume' | 'range'>;

/** Nothing where the signal came. */
async function segmentVolume(
  { task, side, signal }: Pick<VolumeCommand, 'task' | 'signal'> & { readonly side: number },
  learned: Learned,
  { volume, range }: Query,
  query: string,
): Promise<RaterVolumes | undefined> {
  const progress = createProgress(`Segmenting ${query}`);
  const [width, height, depth] = volume.size;
  const scan = resizedScan(scanOf(`query ${query}`, volume), side);
  const raters = [...task.masks.keys()];
  const found = new Map(raters.map((rater) => [rater, new Uint8Array(volume.data.length)]));
  const [plane, small] = [width * height, side ** 2];
  for (let z = 0; z < depth; z++) {
    progress.update(z, depth);
    // Signals are heard between two turns of the event loop alone.
    await nextTurn();
    if (signal.aborted) {
      progress.finish();
      return undefined;
    }
    const part = partOf(z, range);
    if (part === undefined) continue;
    const predicted = learned.segment(scan, z, part);
    const values = predicted.dataSync();
    predicted.dispose();
    const masks = raters.map((_, index) => Uint8Array.from(values.subarray(index * small, (index + 1) * small)));
    const sample = { height: side, width: side, image: new Float32Array(small), masks };
    for (const [index, mask] of resizeSlice(sample, height, width).masks.entries()) {
      found.get(raters[index]!)!.set(mask, z * plane);
    }
  }
  progress.update(depth, depth);
  progress.finish();
  return found;
}

async function writeMasks(
  out: string,
  query: string,
  { volume, orientation }: OrientedQuery,
  masks: RaterVolumes,
): Promise<void> {
  const write = (name: string, result: Parameters<typeof writeNifti>[1]): Promise<void> =>
    writeNifti(join(out, volumeFile(query, name)), reorient(result, orientation));
  for (const [rater, data] of masks) await write(rater, createLabelVolume(data, volume.size, volume));
  await write('disagreement', createVolume(disagreementOf(masks), volume.size, volume));
}

/** Each voxel's share of raters in the minority, as {@link disagreement} has it for images. */
function disagreementOf(masks: RaterVolumes): Float32Array {
  return disagreement([...masks.values()].map(asRow)).data;
}

/** Voxels as a mask of one row, for what asks no neighbours. */
const asRow = (data: Uint8Array): Mask2D => ({ width: data.length, height: 1, data });

/** How large a structure is. */
interface Measure {
  readonly voxels: number;
  readonly millilitres: number;
}

function measured(mask: Uint8Array, { spacing }: Volume): Measure {
  const voxels = maskArea(asRow(mask));
  return { voxels, millilitres: (voxels * spacing[0] * spacing[1] * spacing[2]) / 1000 };
}

/** The slice on which the raters' masks are largest, with the support slice that it was compared with. */
function panelOf(task: VolumeTask, query: string, { volume, range }: Query, masks: RaterVolumes): Panel {
  const depth = volume.size[2];
  const plane = volume.size[0] * volume.size[1];
  const area = (z: number): number =>
    partOf(z, range) === undefined
      ? -1
      : [...masks.values()].reduce((sum, mask) => sum + maskArea(asRow(mask.subarray(z * plane, (z + 1) * plane))), 0);
  const areas = Array.from({ length: depth }, (_, z) => area(z));
  const shown = areas.indexOf(Math.max(...areas));
  const slice = task.parts[partOf(shown, range)!]!;
  const cut = (own: Volume, all: RaterVolumes, z: number): Cut => {
    const image = imageSlice(own, z);
    const { width, height } = image;
    const [from, to] = [z * width * height, (z + 1) * width * height];
    const masksThere = [...all].map(([rater, data]): [string, Mask2D] => [
      rater,
      { width, height, data: data.subarray(from, to) },
    ]);
    return { image, masks: new Map(masksThere) };
  };
  const there = cut(volume, masks, shown);
  return {
    title: `${query}, slice ${shown}`,
    support: cut(task.support, task.masks, slice),
    query: { image: there.image },
    predictions: new Map([['segmentation', there.masks]]),
  };
}

interface Cut {
  readonly image: Image2D;
  readonly masks: ReadonlyMap<string, Mask2D>;
}
