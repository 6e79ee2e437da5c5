import { InputError } from '@fsmr/core';
import type { Dataset, EvaluationEpisode, Scan } from '@fsmr/datasets';
import { type CountRecord, type Counts, confusion, sumCounts } from '@fsmr/metrics';
import * as tf from '@tensorflow/tfjs';
import type { FeatureStore } from './features.js';
import { type Arm, predictMasks } from './predict.js';

/** What one evaluation episode gave one arm: a record a rater, counts summed over the scored slices. */
export interface EpisodeRecords {
  readonly arm: string;
  readonly records: readonly CountRecord[];
}

/** An evaluation run. */
export interface EvaluateInputs {
  readonly dataset: Dataset;
  readonly arms: readonly Arm[];
  /** Features an arm's model gives, by arm name; arms of one encoder may share a store. */
  readonly features: Readonly<Record<string, FeatureStore>>;
  readonly episodes: Iterable<EvaluationEpisode>;
  /** Episodes already done, by {@link episodeKey}; they are passed over. */
  readonly done?: ReadonlySet<string>;
  readonly onEpisode: (key: string, results: readonly EpisodeRecords[]) => Promise<void> | void;
  readonly signal?: AbortSignal;
}

/** Names an episode, for resuming. */
export function episodeKey({ classId, supportScan, queryScan }: EvaluationEpisode): string {
  return `${classId}/${supportScan}/${queryScan}`;
}

/**
 * Evaluates arms over episodes: each query slice is segmented with the support slice of its part, counted against each
 * rater's own truth, and summed over the slices of the scan (evaluation sections 9.1 to 9.5).
 *
 * @throws InputError where a scan lacks what the plan says it has.
 */
export async function evaluate(inputs: EvaluateInputs): Promise<void> {
  const scans = new Map<string, Scan>();
  const scan = async (id: string): Promise<Scan> => {
    const known = scans.get(id) ?? (await inputs.dataset.read(id));
    scans.delete(id);
    scans.set(id, known);
    // Reading streams: only the last few scans stay in memory.
    for (const oldest of [...scans.keys()].slice(0, -recentScans)) scans.delete(oldest);
    return known;
  };
  for (const episode of inputs.episodes) {
    if (inputs.signal?.aborted === true) return;
    const key = episodeKey(episode);
    if (inputs.done?.has(key) === true) continue;
    const support = await scan(episode.supportScan);
    const query = await scan(episode.queryScan);
    const results = inputs.arms.map((arm) => ({
      arm: arm.name,
      records: evaluateArm(inputs, arm, episode, support, query),
    }));
    await inputs.onEpisode(key, results);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const recentScans = 128;

function evaluateArm(
  inputs: EvaluateInputs,
  arm: Arm,
  episode: EvaluationEpisode,
  support: Scan,
  query: Scan,
): CountRecord[] {
  const store = inputs.features[arm.name];
  if (store === undefined) throw new InputError(`no feature store for arm ${arm.name}.`);
  const counts = new Map<string, Counts[]>(episode.raters.map((rater) => [rater, []]));
  for (const { slice, part } of episode.querySlices) {
    const supportSlice = episode.supportSlices[part]!;
    const masks = classMasks(support, supportSlice, episode.raters, episode.classId);
    const predicted = predictMasks(arm, store.of(support, supportSlice), store.of(query, slice), masks);
    masks.dispose();
    const values = predicted.dataSync();
    predicted.dispose();
    const plane = query.size[1] * query.size[2];
    for (const [index, rater] of episode.raters.entries()) {
      const truth = classPlane(query, slice, rater, episode.classId);
      counts.get(rater)!.push(confusion(values.subarray(index * plane, (index + 1) * plane), truth));
    }
  }
  return episode.raters.map((rater) => ({
    scan: episode.queryScan,
    support: episode.supportScan,
    rater,
    class: episode.className,
    ...sumCounts(counts.get(rater)!),
  }));
}

/** The masks of one class that raters drew on one slice. -> [R, 1, H, W], 0 or 1; the caller owns the tensor. */
export function classMasks(scan: Scan, slice: number, raters: readonly string[], classId: number): tf.Tensor4D {
  const [, height, width] = scan.size;
  const values = new Float32Array(raters.length * height * width);
  for (const [index, rater] of raters.entries()) {
    values.set(classPlane(scan, slice, rater, classId), index * height * width);
  }
  return tf.tensor4d(values, [raters.length, 1, height, width]);
}

/** One slice of one rater's labels as 0 and 1. @throws InputError where the rater is absent. */
export function classPlane(scan: Scan, slice: number, rater: string, classId: number): Uint8Array {
  const labels = scan.labels[rater];
  if (labels === undefined) throw new InputError(`scan ${scan.id} has no labels.`, { rater });
  const plane = scan.size[1] * scan.size[2];
  return labels.subarray(slice * plane, (slice + 1) * plane).map((id) => (id === classId ? 1 : 0));
}
