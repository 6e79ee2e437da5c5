import type { Cell, Table } from './table.js';

/** The table in GitHub's Markdown, its caption as a paragraph before it. */
export function renderMarkdown({ caption, columns, rows }: Table): string {
  const plain = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('\n', ' ');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    ...(caption === undefined ? [] : [plain(caption), '']),
    line(columns.map(({ title }) => plain(title))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(({ text, strong }) => (strong ? `**${plain(text)}**` : plain(text))))),
    '',
  ].join('\n');
}

/** The table as comma-separated values (RFC 4180, but lines end with a line feed), without caption. */
export function renderCsv({ columns, rows }: Table): string {
  const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells: readonly string[]): string => `${cells.map(quote).join(',')}\n`;
  return [columns.map(({ title }) => title), ...rows.map((row) => row.map(({ text }) => text))].map(line).join('');
}

const latexSigns: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

/** The table as a LaTeX `tabular` with the rules of the package booktabs; with a caption, within a `table`. */
export function renderLatex({ caption, columns, rows }: Table): string {
  const plain = (text: string): string => text.replace(/[\\~^&%$#_{}]/g, (sign) => latexSigns[sign] ?? `\\${sign}`);
  const cell = ({ text, strong }: Cell): string => {
    const power = /^(\d\.\d+)e(-?\d+)$/.exec(text);
    const inside = power === null ? plain(text) : `$${power[1]}\\times10^{${power[2]}}$`;
    return strong ? `\\textbf{${inside}}` : inside;
  };
  const line = (cells: readonly string[]): string => `${cells.join(' & ')} \\\\`;
  const tabular = [
    `\\begin{tabular}{${columns.map(({ align }) => align[0]).join('')}}`,
    '\\toprule',
    line(columns.map(({ title }) => plain(title))),
    '\\midrule',
    ...rows.map((row) => line(row.map(cell))),
    '\\bottomrule',
    '\\end{tabular}',
  ];
  if (caption === undefined) return `${tabular.join('\n')}\n`;
  const head = ['\\begin{table}', '\\centering', `\\caption{${plain(caption)}}`];
  return `${[...head, ...tabular, '\\end{table}'].join('\n')}\n`;
}

/** The table as an HTML `table` element without styles; everything in it is escaped. */
export function renderHtml({ caption, columns, rows }: Table): string {
  const plain = (text: string): string =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;');
  const side = (k: number): string => (columns[k]?.align === 'right' ? ' style="text-align:right"' : '');
  const cell = ({ text, strong }: Cell, k: number): string =>
    `<td${side(k)}>${strong ? `<strong>${plain(text)}</strong>` : plain(text)}</td>`;
  return [
    '<table>',
    ...(caption === undefined ? [] : [`<caption>${plain(caption)}</caption>`]),
    `<thead><tr>${columns.map(({ title }, k) => `<th${side(k)}>${plain(title)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`),
    '</tbody>',
    '</table>',
    '',
  ].join('\n');
}
