import { mean } from '@fsmr/metrics';
import type { StepReport } from '@fsmr/training';
import type { Spec } from 'vega';
import { readJsonLines } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { cssColour, raterColour } from './colours.js';
import type { Experiment } from './experiments.js';
import { armName, experimentTitle } from './names.js';

/** One point of a learning curve. */
export interface CurvePoint {
  /** `both arms` for the half they share, else the arm. */
  readonly series: string;
  /** The run, one line each. */
  readonly run: string;
  readonly step: number;
  /** Segmentation loss, mean of the last steps. */
  readonly loss: number;
}

const series = { 'first-half': 'both arms', base: 'base', japc: 'JAPC' } as const;

const remedy = 'Delete the line, without which the curve can be drawn as well.';

/** The learning curves of an experiment's runs; none where their logs are gone. */
export async function learningCurves({ runs }: Experiment): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const { folder } of runs) {
    const logOf = (arm: string): Promise<StepReport[]> => readJsonLines(runFolder(folder).log(arm), remedy);
    const half = await logOf('first-half');
    const lastShared = half.at(-1)?.step ?? 0;
    for (const [log, name] of Object.entries(series)) {
      const own = log === 'first-half' ? half : await logOf(log);
      // The mean of an arm's first steps reaches back into the half before them.
      const steps = log === 'first-half' ? half : [...half, ...own];
      const curve = smoothed(steps, Math.max(1, Math.round((steps.at(-1)?.step ?? 0) / 15)));
      const shown = curve.filter(({ step }) => log === 'first-half' || step > lastShared);
      if (own.length > 0) points.push(...shown.map((point) => ({ series: name, run: folder, ...point })));
    }
  }
  return points;
}

/** The mean of the last `window` losses at each step; at most 300 points, evenly spread. */
export function smoothed(
  steps: readonly Pick<StepReport, 'step' | 'segmentation'>[],
  window: number,
): { readonly step: number; readonly loss: number }[] {
  const points = steps.map(({ step }, index) => ({
    step,
    loss: mean(steps.slice(Math.max(0, index - window + 1), index + 1).map(({ segmentation }) => segmentation)),
  }));
  const stride = Math.ceil(points.length / 300);
  return points.filter((_, index) => (points.length - 1 - index) % stride === 0);
}

/** A figure of learning curves: a colour an arm, a line a run. */
export function curvesSpec(experiment: Experiment, points: readonly CurvePoint[]): Spec {
  const used = Object.values(series).filter((name) => points.some((point) => point.series === name));
  const colours: Readonly<Record<string, string>> = {
    'both arms': '#666666',
    base: cssColour(raterColour(6)),
    JAPC: cssColour(raterColour(4)),
  };
  const title = `${experimentTitle(experiment)}, ${armName('base', experiment.method)}`;
  return {
    width: 420,
    height: 220,
    padding: 8,
    background: 'white',
    title: { text: title, anchor: 'start' },
    data: [{ name: 'points', values: [...points] }],
    scales: [
      { name: 'x', type: 'linear', range: 'width', domain: { data: 'points', field: 'step' }, zero: true },
      { name: 'y', type: 'linear', range: 'height', domain: { data: 'points', field: 'loss' }, zero: true, nice: true },
      { name: 'colour', type: 'ordinal', domain: used, range: used.map((name) => colours[name]!) },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: 'step' },
      { orient: 'left', scale: 'y', title: 'segmentation loss, smoothed', grid: true },
    ],
    legends: [{ stroke: 'colour', symbolType: 'stroke', orient: 'top-right' }],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'line', data: 'points', groupby: ['series', 'run'] } },
        marks: [
          {
            type: 'line',
            from: { data: 'line' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'step' },
                y: { scale: 'y', field: 'loss' },
                stroke: { scale: 'colour', field: 'series' },
                strokeWidth: { value: 1.5 },
                strokeOpacity: { value: 0.8 },
              },
            },
          },
        ],
      },
    ],
  };
}
