import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Spec } from 'vega';

/** Draws a Vega specification as SVG. The library is loaded at the first call, so that nothing else waits for it. */
export async function drawSvg(spec: Spec): Promise<string> {
  const { parse, View } = await import('vega');
  const view = new View(parse(spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

let starting: Promise<Uint8Array> | undefined;

/** Turns an SVG into a PNG with twice its pixels, in a font of its own, so that it looks the same on every machine. */
export async function svgToPng(svg: string, zoom = 2): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
  starting ??= startRasteriser(initWasm);
  const font = { fontBuffers: [await starting], defaultFontFamily: 'Lato', sansSerifFamily: 'Lato' };
  const resvg = new Resvg(svg, { fitTo: { mode: 'zoom', value: zoom }, font: { ...font, loadSystemFonts: false } });
  const image = resvg.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    resvg.free();
  }
}

/** Starts the rasteriser, which can be done once a process. -> the font */
async function startRasteriser(init: (wasm: Uint8Array) => Promise<void>): Promise<Uint8Array> {
  const require = createRequire(import.meta.url);
  await init(await readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  return readFile(require.resolve('@expo-google-fonts/lato/400Regular/Lato_400Regular.ttf'));
}
