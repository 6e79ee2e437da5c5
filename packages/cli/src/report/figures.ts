import { join } from 'node:path';
import type { Spec } from 'vega';
import { joinedName } from '../run/file-names.js';
import { writeAtomically } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import type { Figure } from './document.js';
import { drawSvg, svgToPng } from './draw.js';
import type { Experiment } from './experiments.js';
import { curvesSpec, learningCurves } from './learning-curves.js';
import { armName, experimentTitle } from './names.js';
import { readPanels } from './panel-data.js';
import { panelSpec } from './panel-figure.js';

/**
 * Draws the learning curves of every experiment and the panels of its first run, each as SVG and PNG in `figures` of the
 * report's folder.
 */
export async function drawFigures(experiments: readonly Experiment[], out: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const experiment of experiments) {
    const name = joinedName([experimentTitle(experiment), experiment.method, experiment.variant]);
    const about = `${experimentTitle(experiment)}, ${armName('base', experiment.method)}, ${experiment.variant}`;
    const points = await learningCurves(experiment);
    if (points.length > 0) {
      const caption = `${about}: segmentation loss, smoothed, one line a seed. JAPC's loss is that of several simulated raters.`;
      figures.push(await drawFigure(join('figures', `${name}_curves`), caption, curvesSpec(experiment, points), out));
    }
    for (const [index, panel] of (await readPanels(runFolder(experiment.runs[0]!.folder).panels)).entries()) {
      const file = join('figures', `${name}_panel-${index + 1}`);
      figures.push(await drawFigure(file, `${about}. ${panel.title}: ${panelNote}`, panelSpec(panel), out));
    }
  }
  return figures;
}

const panelNote =
  'predictions in the colour of their rater with the truth in white, and below the pixels drawn too much (orange) and missed (blue).';

async function drawFigure(file: string, caption: string, spec: Spec, out: string): Promise<Figure> {
  const svg = await drawSvg(spec);
  await writeAtomically(join(out, `${file}.svg`), svg);
  await writeAtomically(join(out, `${file}.png`), await svgToPng(svg));
  return { file, caption, svg };
}
