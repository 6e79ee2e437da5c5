import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, EvaluationEpisode, Scan } from '@fsmr/datasets';
import { encodePng, type Image2D, type Mask2D } from '@fsmr/imaging';
import { classPlane, type LessonEpisodes, lessonFor, type Segmenter } from '@fsmr/training';
import { raterColour } from '../report/colours.js';
import type { Panel } from '../report/panel.js';
import { writePanel } from '../report/panel-data.js';
import { outlined } from '../report/pictures.js';
import { fileNames } from './file-names.js';
import { writeAtomically } from './files.js';
import type { RunFolder } from './folder.js';

/** What panels are drawn from. */
export interface PanelInputs {
  readonly dataset: Dataset;
  readonly segmenters: readonly Segmenter[];
  readonly lessons: readonly LessonEpisodes[];
  readonly folder: RunFolder;
  readonly seed: number | string;
  /** How many, spread evenly over the episodes. */
  readonly count: number;
}

/** Predicts some episodes once more for the report, and saves every prediction as an overlay. */
export async function drawPanels({ count, lessons, ...inputs }: PanelInputs): Promise<Panel[]> {
  const episodes = lessons.flatMap((lesson) => lesson.episodes);
  const chosen = Array.from({ length: Math.min(count, episodes.length) }, (_, index) =>
    Math.floor(((index + 0.5) * episodes.length) / Math.min(count, episodes.length)),
  );
  // Those of an earlier evaluation may show other weights, or another data set.
  await rm(inputs.folder.panels, { recursive: true, force: true });
  await rm(inputs.folder.overlays, { recursive: true, force: true });
  const panels: Panel[] = [];
  const names = fileNames(chosen.map((index) => titleOf(episodes[index]!)));
  for (const [k, index] of chosen.entries()) panels.push(await drawPanel(inputs, episodes[index]!, names[k]!));
  return panels;
}

async function drawPanel(
  inputs: Omit<PanelInputs, 'count' | 'lessons'>,
  episode: EvaluationEpisode,
  name: string,
): Promise<Panel> {
  const support = await inputs.dataset.read(episode.supportScan);
  const query = await inputs.dataset.read(episode.queryScan);
  const middle = episode.querySlices[Math.floor(episode.querySlices.length / 2)]!;
  const supportSlice = episode.supportSlices[middle.part]!;
  const { raters, className } = episode;
  const predictions = new Map<string, Map<string, Mask2D>>();
  for (const segmenter of inputs.segmenters) {
    const learned = await segmenter.learn(lessonFor(episode, support, inputs.seed));
    const predicted = learned.segment(query, middle.slice, middle.part);
    const values = predicted.dataSync();
    predicted.dispose();
    learned.dispose();
    const plane = query.size[1] * query.size[2];
    const byRater = raters.map((rater, index) => {
      const data = Uint8Array.from(values.subarray(index * plane, (index + 1) * plane));
      return [rater, { width: query.size[2], height: query.size[1], data }] as const;
    });
    predictions.set(segmenter.name, new Map(byRater));
  }
  const panel: Panel = {
    title: `${className}: ${episode.queryScan}, taught by ${episode.supportScan}`,
    support: { image: sliceOf(support, supportSlice), masks: masksOf(support, supportSlice, episode) },
    query: { image: sliceOf(query, middle.slice), truth: masksOf(query, middle.slice, episode) },
    predictions,
  };
  await saveOverlays(inputs.folder, name, panel);
  await writePanel(join(inputs.folder.panels, `${name}.json`), panel);
  return panel;
}

async function saveOverlays(folder: RunFolder, name: string, { query, predictions }: Panel): Promise<void> {
  for (const [arm, masks] of predictions) {
    const outlines = [...masks.values()].map((mask, index) => ({ mask, colour: raterColour(index) }));
    await writeAtomically(join(folder.overlays, `${name}_${arm}.png`), encodePng(outlined(query.image, outlines)));
  }
}

function titleOf({ className, queryScan, supportScan }: EvaluationEpisode): string {
  return `${className}_${queryScan}_by_${supportScan}`;
}

function sliceOf(scan: Scan, slice: number): Image2D {
  const [, height, width] = scan.size;
  return { width, height, data: scan.image.slice(slice * height * width, (slice + 1) * height * width) };
}

function masksOf(scan: Scan, slice: number, { raters, classId }: EvaluationEpisode): Map<string, Mask2D> {
  const [, height, width] = scan.size;
  return new Map(
    raters.map((rater) => [rater, { width, height, data: classPlane(scan, slice, rater, classId) }] as const),
  );
}
