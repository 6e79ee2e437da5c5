/** Which pixel each tap of a convolution kernel reads, as tables of row numbers. */

/** Everything that fixes a convolution but the numbers themselves; sizes in pixels. */
export interface Geometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** True where every output pixel reads the input pixel at its own place and no other. */
export const isPointwise = (g: Geometry): boolean =>
  g.kernelHeight === 1 &&
  g.kernelWidth === 1 &&
  g.strideHeight === 1 &&
  g.strideWidth === 1 &&
  g.padTop === 0 &&
  g.padLeft === 0 &&
  g.inHeight === g.outHeight &&
  g.inWidth === g.outWidth;

/** For each output pixel and tap, the input pixel; the number after the last pixel means "outside". */
export const inputRows = (g: Geometry): Int32Array =>
  remembered(`input ${spatialKey(g)}`, () => buildRows(g.batch, vertical(g), horizontal(g), g.inHeight, g.inWidth));

/** The same for one tap alone. */
export const tapRows = (g: Geometry, tap: number): Int32Array =>
  remembered(`tap ${tap} ${spatialKey(g)}`, () => {
    const row = Math.floor(tap / g.kernelWidth);
    const column = tap % g.kernelWidth;
    const pick = (table: readonly (readonly number[])[], index: number) => table.map((taps) => [taps[index] as number]);
    return buildRows(g.batch, pick(vertical(g), row), pick(horizontal(g), column), g.inHeight, g.inWidth);
  });

/** For each input pixel and tap, the output pixel that read it through that tap. */
export const gradientRows = (g: Geometry): Int32Array =>
  remembered(`gradient ${spatialKey(g)}`, () =>
    buildRows(
      g.batch,
      readers(g.inHeight, g.outHeight, g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop),
      readers(g.inWidth, g.outWidth, g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft),
      g.outHeight,
      g.outWidth,
    ),
  );

const vertical = (g: Geometry) =>
  places(g.inHeight, g.outHeight, g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop);
const horizontal = (g: Geometry) =>
  places(g.inWidth, g.outWidth, g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft);

/** On one axis: for each output position and tap the input position, -1 outside. */
function places(
  inSize: number,
  outSize: number,
  taps: number,
  stride: number,
  dilation: number,
  pad: number,
): number[][] {
  return Array.from({ length: outSize }, (_, out) =>
    Array.from({ length: taps }, (_, tap) => {
      const place = out * stride + tap * dilation - pad;
      return place >= 0 && place < inSize ? place : -1;
    }),
  );
}

/** On one axis: for each input position and tap the output position that reads it, -1 if none does. */
function readers(
  inSize: number,
  outSize: number,
  taps: number,
  stride: number,
  dilation: number,
  pad: number,
): number[][] {
  return Array.from({ length: inSize }, (_, place) =>
    Array.from({ length: taps }, (_, tap) => {
      const out = (place + pad - tap * dilation) / stride;
      return Number.isInteger(out) && out >= 0 && out < outSize ? out : -1;
    }),
  );
}

function buildRows(
  batch: number,
  rowPlaces: readonly (readonly number[])[],
  columnPlaces: readonly (readonly number[])[],
  height: number,
  width: number,
): Int32Array {
  const taps = (rowPlaces[0]?.length ?? 0) * (columnPlaces[0]?.length ?? 0);
  const table = new Int32Array(batch * rowPlaces.length * columnPlaces.length * taps);
  const outside = batch * height * width;
  let next = 0;
  for (let image = 0; image < batch; image++) {
    for (const rows of rowPlaces) {
      for (const columns of columnPlaces) {
        for (const row of rows) {
          for (const column of columns) {
            table[next++] = row < 0 || column < 0 ? outside : (image * height + row) * width + column;
          }
        }
      }
    }
  }
  return table;
}

/** Tells tables apart: everything of a geometry but its channels. */
export const spatialKey = (g: Geometry): string =>
  [
    g.batch,
    g.inHeight,
    g.inWidth,
    g.outHeight,
    g.outWidth,
    g.kernelHeight,
    g.kernelWidth,
    g.strideHeight,
    g.strideWidth,
    g.dilationHeight,
    g.dilationWidth,
    g.padTop,
    g.padLeft,
  ].join(' ');

/** Tables depend on sizes alone, so all backends of a thread share them; the oldest go when they fill this many bytes. */
const rememberedBytes = 64 * 2 ** 20;
const tables = new Map<string, Int32Array>();
let tableBytes = 0;

/** The table of that key, built at first use. */
export function remembered(key: string, build: () => Int32Array): Int32Array {
  const known = tables.get(key);
  if (known !== undefined) {
    tables.delete(key);
    tables.set(key, known);
    return known;
  }
  const table = build();
  tables.set(key, table);
  tableBytes += table.byteLength;
  for (const [oldKey, old] of tables) {
    if (tableBytes <= rememberedBytes || old === table) break;
    tables.delete(oldKey);
    tableBytes -= old.byteLength;
  }
  return table;
}
