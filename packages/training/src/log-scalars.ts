import type { TrainReport } from './train.js';

/** The numbers of a step that are worth a curve, by the names they have in CSV and TensorBoard. */
export function scalarsOf(report: TrainReport): Readonly<Record<string, number>> {
  const { total, segmentation, alignment, calibration, auxiliary } = report;
  return {
    ...prefixed('loss', { total, segmentation, alignment, calibration, ...auxiliary }),
    learning_rate: report.learningRate,
    ...prefixed('learning_rate', report.learningRates),
    gradient_norm: report.gradientNorm,
    'seconds/step': report.seconds,
    'seconds/data': report.dataSeconds,
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
}
