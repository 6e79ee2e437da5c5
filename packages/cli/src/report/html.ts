import { encodePng, type Picture } from '@fsmr/imaging';

/** HTML that needs no further escaping. */
export interface Html {
  readonly html: string;
}

/** A template whose values are escaped, except {@link Html}; lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return { html: strings.reduce((text, part, index) => `${text}${render(values[index - 1])}${part}`) };
}

function render(value: unknown): string {
  if (Array.isArray(value)) return value.map(render).join('');
  if (typeof value === 'object' && value !== null && 'html' in value) return String((value as Html).html);
  if (value === undefined || value === null) return '';
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A picture inside the page, with a caption. */
export function figure(picture: Picture, caption: string | Html): Html {
  const data = Buffer.from(encodePng(picture)).toString('base64');
  const alternative = typeof caption === 'string' ? caption : caption.html.replace(/<[^>]*>/g, '');
  const width = shownWidth(picture.width);
  return html`<figure style="width: ${width}px"><img alt="${alternative}" width="${width}" src="data:image/png;base64,${data}"><figcaption>${caption}</figcaption></figure>`;
}

/** Whole multiples keep outlines of one pixel whole; only what would not fit a page is made smaller. */
function shownWidth(width: number): number {
  return Math.min(384, width * Math.max(1, Math.round(192 / width)));
}

/** A whole page that loads nothing. */
export function page(title: string, body: readonly Html[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`.html;
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 85rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; margin: .5rem 0 } th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left } thead th { border-bottom: 2px solid #888 }
.row { display: flex; flex-wrap: wrap; gap: .6rem } .column { display: flex; flex-direction: column; gap: .4rem } h3 { font-size: 1rem; margin: 1rem 0 .3rem }
figure { margin: 0 } figure img { height: auto; image-rendering: pixelated; display: block }
figcaption { font-size: .8rem; color: #444 } .key { display: inline-block; width: .8em; height: .8em; margin-right: .3em; border-radius: 2px } .legend span { margin-right: .8em; white-space: nowrap }
pre { background: #f5f5f5; padding: .7rem; overflow: auto; font-size: .8rem } .note { color: #555; max-width: 60rem }
`;
