import { isFsmrError } from '@fsmr/core';
import { checkScan, type Dataset, type EvaluationEpisode, type Scan } from '@fsmr/datasets';
import { type CountRecord, type Counts, confusion, sumCounts } from '@fsmr/metrics';
import { classPlane } from './class-masks.js';
import { episodeKey, type LessonEpisodes, lessonFor, lessonsOf } from './lessons.js';
import type { Learned, Segmenter } from './segmenter.js';

/** What one evaluation episode gave one segmenter: a record a rater, counts summed over the scored slices. */
export interface EpisodeRecords {
  /** The segmenter's name. */
  readonly arm: string;
  readonly records: readonly CountRecord[];
}

/** What a segmenter says of a query scan. */
export interface EpisodePrediction {
  /** The segmenter's name. */
  readonly arm: string;
  readonly episode: EvaluationEpisode;
  readonly query: Scan;
  /** Each rater's mask [z, y, x], 1 inside; slices that are not scored stay 0. */
  readonly masks: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** An evaluation run. */
export interface EvaluateInputs {
  readonly dataset: Dataset;
  readonly segmenters: readonly Segmenter[];
  readonly episodes: Iterable<EvaluationEpisode>;
  /** Whether a segmenter has done an episode already, by its {@link episodeKey}; such episodes are passed over. */
  readonly isDone?: (key: string, segmenter: string) => boolean;
  /** Where segmenters that learn at random start from; each lesson gets a seed of its own. 1 when absent. */
  readonly seed?: number | string;
  /** Called before `onEpisode` with the masks that were counted, for measures of one's own or to keep them. */
  readonly onPrediction?: (prediction: EpisodePrediction) => Promise<void> | void;
  /** Called once for each episode and segmenter. */
  readonly onEpisode: (key: string, result: EpisodeRecords) => Promise<void> | void;
  /** Told how far a segmenter is with learning, where that takes long. */
  readonly onLearning?: (segmenter: string, lesson: LessonEpisodes, done: number, total: number) => void;
  /** Stops after the running episode, or within learning; nothing is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Evaluates segmenters over episodes: each learns a class of a support once, then segments every query slice with the
 * support slice of its part. Predictions are counted against each rater's own truth and summed over the slices of the
 * scan (evaluation sections 9.1 to 9.5).
 *
 * @throws InputError where a scan lacks what the plan says it has; InputError, ShapeError for one that is no scan, see
 * `checkScan` of `@fsmr/datasets`.
 */
export async function evaluate(inputs: EvaluateInputs): Promise<void> {
  const { segmenters, isDone = () => false } = inputs;
  const stopped = (): boolean => inputs.signal?.aborted === true;
  const { read } = withRecentScans(inputs.dataset);
  for (const lesson of lessonsOf(inputs.episodes)) {
    for (const segmenter of segmenters) {
      const open = lesson.episodes.filter((episode) => !isDone(episodeKey(episode), segmenter.name));
      if (open.length === 0) continue;
      if (stopped()) return;
      const learned = await learn(inputs, segmenter, lesson, await read(lesson.supportScan));
      if (learned === undefined) return;
      try {
        for (const episode of open) {
          if (stopped()) return;
          const query = await read(episode.queryScan);
          const masks = inputs.onPrediction === undefined ? undefined : emptyMasks(episode, query);
          const records = segmentScan(learned, episode, query, masks);
          if (masks !== undefined) await inputs.onPrediction!({ arm: segmenter.name, episode, query, masks });
          await inputs.onEpisode(episodeKey(episode), { arm: segmenter.name, records });
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        learned.dispose();
      }
    }
  }
}

/** What a segmenter learned, or nothing where the signal came first. */
async function learn(
  { seed = 1, signal, onLearning }: EvaluateInputs,
  segmenter: Segmenter,
  lesson: LessonEpisodes,
  scan: Scan,
): Promise<Learned | undefined> {
  try {
    return await segmenter.learn({
      ...lessonFor(lesson, scan, seed),
      ...(signal === undefined ? {} : { signal }),
      ...(onLearning === undefined
        ? {}
        : { onProgress: (done: number, total: number) => onLearning(segmenter.name, lesson, done, total) }),
    });
  } catch (error) {
    if (signal?.aborted === true && isFsmrError(error) && error.code === 'interrupted') return undefined;
    throw error;
  }
}

function emptyMasks({ raters }: EvaluationEpisode, { image }: Scan): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(raters.map((rater) => [rater, new Uint8Array(image.length)]));
}

/** @param masks get what was predicted, where they are wanted */
function segmentScan(
  learned: Learned,
  episode: EvaluationEpisode,
  query: Scan,
  masks?: EpisodePrediction['masks'],
): CountRecord[] {
  const counts = new Map<string, Counts[]>(episode.raters.map((rater) => [rater, []]));
  for (const { slice, part } of episode.querySlices) {
    const predicted = learned.segment(query, slice, part);
    const values = predicted.dataSync();
    predicted.dispose();
    const plane = query.size[1] * query.size[2];
    for (const [index, rater] of episode.raters.entries()) {
      const truth = classPlane(query, slice, rater, episode.classId);
      const mask = values.subarray(index * plane, (index + 1) * plane);
      counts.get(rater)!.push(confusion(mask, truth));
      masks?.get(rater)?.set(mask, slice * plane);
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

/**
 * A data set that remembers the scans read last; all others are read again when they are asked for. What was read is
 * checked before it is remembered, see `checkScan` of `@fsmr/datasets`.
 */
export function withRecentScans(dataset: Dataset, kept = 128): Dataset {
  const scans = new Map<string, Scan>();
  const read = async (id: string): Promise<Scan> => {
    const scan = scans.get(id) ?? checkScan(dataset, id, await dataset.read(id));
    scans.delete(id);
    scans.set(id, scan);
    if (scans.size > kept) scans.delete(scans.keys().next().value!);
    return scan;
  };
  return { ...dataset, read };
}
