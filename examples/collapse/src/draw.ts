/** One attention matrix to draw. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly string[];
  /** [N][N] */
  readonly attention: readonly (readonly number[])[];
  /** Prototypes of each rater; their sum is N. */
  readonly counts: readonly number[];
}

const side = 200;
const gap = 30;
const top = 34;

/** Attention matrices side by side as SVG, dark where a prototype (row) attends much, relative to the row's largest. */
export function drawPanels(panels: readonly Panel[]): string {
  const width = panels.length * (side + gap) + gap;
  const height = top + side + 20 + 18 * Math.max(...panels.map(({ lines }) => lines.length)) + 10;
  const body = panels.map(
    (panel, i) => `<g transform="translate(${gap + i * (side + gap)} ${top})">${drawPanel(panel)}</g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, lines, attention, counts }: Panel): string {
  const cell = side / attention.length;
  const cells = attention.flatMap((row, y) => drawRow(row, y, cell));
  let before = 0;
  const borders = counts.slice(0, -1).map((count) => {
    before += count;
    const at = round(before * cell);
    return `<path d="M0 ${at}H${side}M${at} 0V${side}" stroke="#c0392b"/>`;
  });
  const captions = lines.map((line, i) => `<text x="0" y="${side + 22 + 18 * i}">${line}</text>`);
  return [
    `<text x="0" y="-12" font-weight="bold">${title}</text>`,
    ...cells,
    ...borders,
    `<rect width="${side}" height="${side}" fill="none" stroke="#222"/>`,
    ...captions,
  ].join('');
}

/** Neighbours of one shade become one rectangle, which keeps the file small. */
function drawRow(row: readonly number[], y: number, cell: number): string[] {
  const largest = Math.max(...row);
  const shades = row.map((value) => Math.round(8 * (largest === 0 ? 0 : value / largest)) * 28);
  const rectangles: string[] = [];
  for (let x = 0; x < shades.length; ) {
    let end = x + 1;
    while (shades[end] === shades[x]) end++;
    const grey = 250 - shades[x]!;
    rectangles.push(
      `<rect x="${round(x * cell)}" y="${round(y * cell)}" width="${round((end - x) * cell)}" height="${round(cell)}" fill="rgb(${grey},${grey},${grey})"/>`,
    );
    x = end;
  }
  return rectangles;
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
