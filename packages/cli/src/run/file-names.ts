import { shortHash } from '../report/config-identity.js';

/** File systems take 255 bytes; what follows the name, and a folder's path on Windows, need some of them. */
const longestName = 120;

/** A label as part of a file's or folder's name, letters of every script as they are; `_` is left to join several. */
export function folderName(label: string): string {
  return label.replace(/[^\p{L}\p{M}\p{N}.+-]+/gu, '-');
}

/** Labels as one name; where that is too long for a file system, its start and a hash of the whole. */
export function joinedName(labels: readonly string[]): string {
  return shortened(labels.map(folderName).join('_'), labels.join('\n'));
}

/** A name as it is, or its start and a hash of what it stands for. */
function shortened(name: string, whole: string): string {
  if (Buffer.byteLength(name) <= longestName) return name;
  const letters = [...name];
  while (Buffer.byteLength(letters.join('')) > longestName - 13) letters.pop();
  return `${letters.join('')}-${shortHash(whole)}`;
}

/** File names for texts, one each and no two alike: what a name cannot hold becomes `-`, and what repeats gets a number. */
export function fileNames(texts: readonly string[]): string[] {
  const used = new Set<string>();
  return texts.map((text) => {
    const name = shortened(text.replace(/[^\p{L}\p{M}\p{N}_.-]+/gu, '-'), text);
    let own = name;
    for (let times = 2; used.has(own); times++) own = `${name}-${times}`;
    used.add(own);
    return own;
  });
}

/** A name as a file's, no two names alike: what no file system takes is written as its code. */
export function placeName(text: string): string {
  const coded = text.replace(/[%/\\:*?"<>|]|\p{Cc}|^\.+/gu, (letters) =>
    [...letters].map((letter) => `%${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  return shortened(coded, text);
}
