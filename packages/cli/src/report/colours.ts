import { type Colour, distinctColours } from '@fsmr/imaging';

/** The colour of a rater by position; with more raters than colours they repeat. */
export function raterColour(index: number): Colour {
  return distinctColours[index % distinctColours.length]!;
}

/** A colour as HTML writes it. */
export function cssColour([red, green, blue]: Colour): string {
  return `rgb(${red}, ${green}, ${blue})`;
}
