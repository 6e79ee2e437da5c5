/** A seed from the command line: a number where it looks like one, else text. */
export function seedOf(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
