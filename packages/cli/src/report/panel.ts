import type { Image2D, Mask2D } from '@fsmr/imaging';
import { cssColour, raterColour } from './colours.js';
import { figure, type Html, html } from './html.js';
import { difference, disagreement, heat, outlined } from './pictures.js';

/** Masks by rater, in rater order. */
export type RaterMaskTable = ReadonlyMap<string, Mask2D>;

/** One query of a report: what was shown, what was predicted, and the truth where it is known. */
export interface Panel {
  readonly title: string;
  readonly support: { readonly image: Image2D; readonly masks: RaterMaskTable };
  readonly query: { readonly image: Image2D; readonly truth?: RaterMaskTable };
  /** Predicted masks of each arm. */
  readonly predictions: ReadonlyMap<string, RaterMaskTable>;
}

/** Dice of two masks; undefined where both are empty, as in the tables. */
export function diceOf(a: Mask2D, b: Mask2D): number | undefined {
  let both = 0;
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    both += a.data[i]! & b.data[i]!;
    sum += a.data[i]! + b.data[i]!;
  }
  return sum === 0 ? undefined : (2 * both) / sum;
}

/** Dice in percent, for a caption. */
export function percent(dice: number | undefined): string {
  return dice === undefined ? 'undefined, as both are empty' : `${(100 * dice).toFixed(1)} %`;
}

/** The raters and their colours. */
export function legend(raters: readonly string[]): Html {
  return html`<p class="legend">${raters.map(
    (rater, index) =>
      html`<span><i class="key" style="background: ${cssColour(raterColour(index))}"></i>${rater}</span>`,
  )}</p>`;
}

/** A panel as HTML: support, query, then for each arm one prediction a rater and where raters are told to disagree. */
export function panelHtml({ title, support, query, predictions }: Panel): Html {
  const raters = [...support.masks.keys()];
  const outlines = (masks: RaterMaskTable) =>
    raters.flatMap((rater, index) => {
      const mask = masks.get(rater);
      return mask === undefined ? [] : [{ mask, colour: raterColour(index) }];
    });
  const { truth } = query;
  const shown = [
    figure(outlined(support.image, outlines(support.masks)), 'support, outlined by each rater'),
    figure(
      outlined(query.image, truth === undefined ? [] : outlines(truth)),
      truth === undefined ? 'query' : 'query, truth of each rater',
    ),
    ...(truth === undefined || truth.size < 2
      ? []
      : [figure(heat(query.image, disagreement([...truth.values()])), 'where the raters disagree')]),
  ];
  const note = truth === undefined ? [] : [html`<p class="note">${predictionNote}</p>`];
  return html`<h2>${title}</h2>${legend(raters)}<div class="row">${shown}</div>${note}${[...predictions].map(
    ([arm, masks]) => armHtml(arm, raters, masks, query),
  )}`;
}

const white = [255, 255, 255] as const;
const predictionNote =
  'Predictions in the colour of their rater, the truth in white; below each, what was drawn too much in orange and what was missed in blue.';

function armHtml(arm: string, raters: readonly string[], masks: RaterMaskTable, query: Panel['query']): Html {
  const figures = raters.flatMap((rater, index) => {
    const predicted = masks.get(rater);
    if (predicted === undefined) return [];
    const truth = query.truth?.get(rater);
    const drawn = truth === undefined ? [] : [{ mask: truth, colour: white }];
    const picture = outlined(query.image, [...drawn, { mask: predicted, colour: raterColour(index) }]);
    if (truth === undefined) return [figure(picture, rater)];
    const dice = `${rater}: Dice ${percent(diceOf(predicted, truth))}`;
    return [
      html`<div class="column">${figure(picture, dice)}${figure(difference(query.image, predicted, truth), `${rater}: difference`)}</div>`,
    ];
  });
  // One rater disagrees with nobody.
  const map =
    masks.size < 2
      ? []
      : figure(heat(query.image, disagreement([...masks.values()])), 'where the predictions disagree');
  return html`<h3>${arm}</h3><div class="row">${figures}${map}</div>`;
}
