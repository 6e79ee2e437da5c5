import { encodePng, greyPicture, type Picture } from '@fsmr/imaging';
import type { Spec } from 'vega';
import { cssColour, raterColour } from './colours.js';
import { outlinePath } from './outline-path.js';
import { diceOf, type Panel, percent, type RaterMaskTable } from './panel.js';
import { difference } from './pictures.js';

/** A picture of the figure with its outlines and what is written above it. */
interface Tile {
  readonly row: number;
  readonly column: number;
  readonly label: string;
  readonly picture: Picture;
  readonly outlines: readonly { readonly path: string; readonly colour: string }[];
}

const size = 128;
const gap = 8;
const headline = 18;
const margin = 96;

/**
 * A panel as a figure: the support and the query with every rater's outline, then for each arm a row of predictions over
 * truths (white) and a row of the pixels drawn too much (orange) and missed (blue), a column a rater.
 */
export function panelSpec(panel: Panel): Spec {
  const raters = [...panel.support.masks.keys()];
  const tiles = [
    ...firstRow(panel, raters),
    ...[...panel.predictions].flatMap(([arm], index) => armRows(panel, arm, 1 + 2 * index, raters)),
  ];
  const { width, height } = panel.query.image;
  const tall = Math.round((size * height) / width);
  const x = ({ column }: Tile): number => margin + column * (size + gap);
  const y = ({ row }: Tile): number => headline + row * (tall + gap + headline);
  const rows = 1 + Math.max(...tiles.map(({ row }) => row));
  const columns = 1 + Math.max(...tiles.map(({ column }) => column));
  const names = [...panel.predictions.keys()].flatMap((arm, index) => [
    { row: 1 + 2 * index, text: arm },
    { row: 2 + 2 * index, text: 'difference' },
  ]);
  return {
    width: margin + columns * (size + gap),
    height: rows * (tall + gap + headline),
    padding: 8,
    background: 'white',
    title: { text: panel.title, anchor: 'start' },
    data: [
      { name: 'pictures', values: tiles.map((tile) => ({ x: x(tile), y: y(tile), url: dataUrl(tile.picture) })) },
      {
        name: 'outlines',
        values: tiles.flatMap((tile) => tile.outlines.map((outline) => ({ x: x(tile), y: y(tile), ...outline }))),
      },
      { name: 'labels', values: tiles.map((tile) => ({ x: x(tile), y: y(tile) - 5, text: tile.label })) },
      {
        name: 'rows',
        values: names.map(({ row, text }) => ({ x: 0, y: headline + row * (tall + gap + headline) + tall / 2, text })),
      },
    ],
    marks: [
      {
        type: 'image',
        from: { data: 'pictures' },
        encode: {
          enter: {
            x: { field: 'x' },
            y: { field: 'y' },
            width: { value: size },
            height: { value: tall },
            url: { field: 'url' },
            aspect: { value: false },
            smooth: { value: false },
          },
        },
      },
      {
        type: 'path',
        from: { data: 'outlines' },
        encode: {
          enter: {
            x: { field: 'x' },
            y: { field: 'y' },
            path: { field: 'path' },
            stroke: { field: 'colour' },
            strokeWidth: { value: 1.2 },
          },
        },
      },
      ...(['labels', 'rows'] as const).map((data) => ({
        type: 'text' as const,
        from: { data },
        encode: { enter: { x: { field: 'x' }, y: { field: 'y' }, text: { field: 'text' } } },
      })),
    ],
  };
}

function firstRow({ support, query }: Panel, raters: readonly string[]): Tile[] {
  const tile = (column: number, label: string, image: Panel['query']['image'], masks: RaterMaskTable): Tile => ({
    row: 0,
    column,
    label,
    picture: greyPicture(image),
    outlines: raters.flatMap((rater, index) => {
      const mask = masks.get(rater);
      return mask === undefined
        ? []
        : [{ path: outlinePath(mask, size / mask.width), colour: cssColour(raterColour(index)) }];
    }),
  });
  return [
    tile(0, 'support', support.image, support.masks),
    tile(1, 'query, truth', query.image, query.truth ?? new Map()),
  ];
}

function armRows({ query, predictions }: Panel, arm: string, row: number, raters: readonly string[]): Tile[] {
  return raters.flatMap((rater, column): Tile[] => {
    const predicted = predictions.get(arm)!.get(rater);
    if (predicted === undefined) return [];
    const truth = query.truth?.get(rater);
    const scale = size / predicted.width;
    const own = { path: outlinePath(predicted, scale), colour: cssColour(raterColour(column)) };
    const picture = greyPicture(query.image);
    if (truth === undefined) return [{ row, column, label: rater, picture, outlines: [own] }];
    const drawn = { path: outlinePath(truth, scale), colour: 'white' };
    const label = `${rater}: ${percent(diceOf(predicted, truth))}`;
    return [
      { row, column, label, picture, outlines: [drawn, own] },
      { row: row + 1, column, label: '', picture: difference(query.image, predicted, truth), outlines: [] },
    ];
  });
}

function dataUrl(picture: Picture): string {
  return `data:image/png;base64,${Buffer.from(encodePng(picture)).toString('base64')}`;
}
