import { writeFileSync } from 'node:fs';
import { drawPanels, type Panel } from './draw.js';
import { base, type Measurement, measure } from './measure.js';
import { scenes } from './scenes.js';
import { variants } from './variants.js';

/** The forms the figure shows. */
const drawn = [
  'formula alone (`paper`)',
  'formula, similarity start',
  'similarity start, residual 0.5, nearest (`default`)',
];

const figure: Panel[] = [];
for (const scene of await scenes(base)) {
  console.log(`\n${scene.name}\n`);
  console.log(
    '| form | entropy fg, bg | mean cosine fg before, after | bg before, after | calibration loss | gradient at Wq | raters differ by | logits change by |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const [name, options] of Object.entries(variants)) {
    const found = await measure(scene, options);
    console.log(row(name, found));
    if (scene.name === 'encoder features' && drawn.includes(name)) figure.push(panel(name, found));
  }
}
const target = process.argv[2];
if (target !== undefined) writeFileSync(target, drawPanels(figure));

function row(name: string, { reports, calibrationLoss, gradient, raterDifference, change }: Measurement): string {
  const [fg, bg] = ['foreground', 'background'].map((wanted) => reports.find(({ className }) => className === wanted)!);
  const cosines = (report: typeof fg) =>
    `${report!.meanCosine.before.toFixed(4)}, ${report!.meanCosine.after.toFixed(4)}`;
  return `| ${[
    name,
    `${fg!.entropy.toFixed(3)}, ${bg!.entropy.toFixed(3)}`,
    cosines(fg),
    cosines(bg),
    calibrationLoss.toPrecision(3),
    gradient.toExponential(1),
    raterDifference.toFixed(4),
    change.toPrecision(2),
  ].join(' | ')} |`;
}

function panel(name: string, { reports, attention }: Measurement): Panel {
  const { entropy, meanCosine, counts } = reports.find(({ className }) => className === 'foreground')!;
  return {
    title: name.replaceAll('`', '').replace('similarity start, residual 0.5, nearest', 'with residual, nearest'),
    lines: [
      `entropy ${entropy.toFixed(2)}`,
      `mean cosine ${meanCosine.before.toFixed(3)} before,`,
      `${meanCosine.after.toFixed(meanCosine.after > 0.9995 ? 6 : 3)} after`,
    ],
    attention,
    counts,
  };
}
