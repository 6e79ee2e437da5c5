/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Colours that stay apart for most kinds of colour vision (Okabe and Ito, 2008), first rater first. */
const palette: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 114, 178],
];

/** The colour of a rater by position; with more raters than colours they repeat. */
export function raterColour(index: number): Colour {
  return palette[index % palette.length]!;
}

/** A colour as HTML writes it. */
export function cssColour([red, green, blue]: Colour): string {
  return `rgb(${red}, ${green}, ${blue})`;
}
