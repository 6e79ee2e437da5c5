// Draws the segmentation loss of run folders as one SVG: node scripts/learning-curves.mjs out.svg run [run ...]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [, , out, ...runs] = process.argv;
if (out === undefined || runs.length === 0) {
  console.error('usage: node scripts/learning-curves.mjs out.svg run [run ...]');
  process.exit(1);
}
const window = 20;
const [width, height, margin] = [420, 220, 36];
const colours = { 'first-half': '#555', base: '#0072b2', japc: '#d55e00' };

/** Points of one log, the mean of the last `window` losses at each step. */
function curve(run, name) {
  const file = join(run, 'logs', `${name}.jsonl`);
  if (!existsSync(file)) return [];
  const steps = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return steps.map(({ step }, i) => {
    const recent = steps.slice(Math.max(0, i - window + 1), i + 1);
    return [step, recent.reduce((sum, { segmentation }) => sum + segmentation, 0) / recent.length];
  });
}

const panels = runs.map((run, index) => {
  const curves = Object.keys(colours).map((name) => [name, curve(run, name)]);
  const points = curves.flatMap(([, list]) => list);
  const [steps, most] = [Math.max(...points.map(([x]) => x)), Math.max(...points.map(([, y]) => y))];
  const x = (step) => margin + (step / steps) * (width - 2 * margin);
  const y = (loss) => height - margin - (loss / most) * (height - 2 * margin);
  const lines = curves
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => {
      const path = list.map(([step, loss]) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(' ');
      return `<polyline fill="none" stroke="${colours[name]}" stroke-width="1.5" points="${path}"/>`;
    });
  const frame = `<path d="M${margin} ${margin}V${height - margin}H${width - margin}" fill="none" stroke="#999"/>`;
  const words = [
    `<text x="${margin}" y="20" font-weight="bold">${basename(run)}</text>`,
    `<text x="${width - margin}" y="${height - 12}" text-anchor="end">step ${steps}</text>`,
    `<text x="4" y="${margin + 4}">${most.toFixed(2)}</text>`,
    `<text x="14" y="${height - margin}">0</text>`,
  ];
  return `<g transform="translate(0 ${index * height})">${[frame, ...words, ...lines].join('')}</g>`;
});
const key = Object.entries(colours).map(
  ([name, colour], i) => `<text x="${margin + 120 + 90 * i}" y="20" fill="${colour}">${name}</text>`,
);
writeFileSync(
  out,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height * runs.length}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>${panels.join('')}${key.join('')}</svg>\n`,
);
