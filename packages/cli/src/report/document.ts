import { renderHtml, renderLatex, renderMarkdown, type Table } from '@fsmr/metrics';
import { type Html, html, page } from './html.js';

/** A figure in files beside the document. */
export interface Figure {
  /** File name within the report's folder, without ending; `.svg` and `.png` lie there. */
  readonly file: string;
  readonly caption: string;
  readonly svg: string;
}

/** A part of a report. */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'figure'; readonly figure: Figure }
  | { readonly kind: 'code'; readonly text: string };

/** A report as data, ready for one of the renderers. */
export interface ReportDocument {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** The report as one page that loads nothing. */
export function documentHtml({ title, blocks }: ReportDocument): string {
  return page(title, blocks.map(blockHtml));
}

function blockHtml(block: Block): Html {
  switch (block.kind) {
    case 'heading':
      return html`<h2>${block.text}</h2>`;
    case 'text':
      return html`<p class="note">${block.text}</p>`;
    case 'table':
      return { html: renderHtml(block.table) };
    case 'figure':
      return html`<figure>${{ html: block.figure.svg }}<figcaption>${block.figure.caption}</figcaption></figure>`;
    case 'code':
      return html`<pre>${block.text}</pre>`;
  }
}

/** The report in GitHub's Markdown, figures as links to the files beside it. */
export function documentMarkdown({ title, blocks }: ReportDocument): string {
  return [`# ${title}\n`, ...blocks.map(blockMarkdown)].join('\n');
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `## ${block.text}\n`;
    case 'text':
      return `${block.text}\n`;
    case 'table':
      return renderMarkdown(block.table);
    case 'figure':
      return `![${block.figure.caption}](${block.figure.file}.svg)\n`;
    case 'code':
      return `\`\`\`sh\n${block.text}\n\`\`\`\n`;
  }
}

/** The tables of the report in LaTeX, each in a `table` of its own; needs the package booktabs. */
export function documentLatex({ title, blocks }: ReportDocument): string {
  const tables = blocks.flatMap((block) => (block.kind === 'table' ? [renderLatex(block.table)] : []));
  return [`% ${title.replaceAll('\n', ' ')}\n% \\usepackage{booktabs}\n`, ...tables].join('\n');
}
