import { basename, dirname, extname, resolve } from 'node:path';
import { InputError, ShapeError } from '@fsmr/core';
import { type Image2D, type Mask2D, maskArea, readGreyPng, readMaskPng } from '@fsmr/imaging';
import { withPlace } from '../run/place.js';

/** What `fsmr segment` was asked, as read from disk and checked. */
export interface SegmentTask {
  readonly support: Image2D;
  readonly masks: ReadonlyMap<string, Mask2D>;
  /** Queries by the name their results get. */
  readonly queries: ReadonlyMap<string, Image2D>;
  /** Paths of everything that was read. */
  readonly inputs: readonly string[];
}

/** The words of the command line that name files. */
export interface SegmentFiles {
  readonly support: string;
  /** `rater=file`, once a rater. */
  readonly mask: readonly string[];
  readonly query: readonly string[];
}

/**
 * Reads and checks every input of `fsmr segment` before anything is computed or written.
 *
 * @throws InputError or ShapeError that names file, rater and remedy.
 */
export async function readSegmentTask(files: SegmentFiles): Promise<SegmentTask> {
  const support = await read(() => readGreyPng(files.support), files.support);
  const masks = new Map<string, Mask2D>();
  for (const [rater, file] of raterFiles(files.mask)) {
    const mask = await read(() => readMaskPng(file, rater), file, rater);
    sameSize(mask, support, { file, rater, what: 'the mask' });
    if (maskArea(mask) === 0) {
      throw new InputError('the mask is empty.', {
        file,
        rater,
        remedy: 'Outline the object, or leave this rater out.',
      });
    }
    masks.set(rater, mask);
  }
  const queries = new Map<string, Image2D>();
  for (const [name, file] of queryFiles(files.query)) {
    const query = await read(() => readGreyPng(file), file);
    sameSize(query, support, { file, what: 'the query' });
    queries.set(name, query);
  }
  checkResultNames([...queries.keys()], [...masks.keys()]);
  return { support, masks, queries, inputs: inputFiles(files) };
}

/** The paths of all inputs. */
export function inputFiles({ support, mask, query }: SegmentFiles): string[] {
  return [support, ...raterFiles(mask).values(), ...query];
}

/** The files of queries by name. @throws InputError that names the second file of one name. */
export function queryFiles(files: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const names = queryNames(files);
  for (const [index, file] of files.entries()) {
    const name = names[index]!;
    if (found.has(name)) {
      throw new InputError(`two queries would both be written as ${name}.`, {
        file,
        remedy: 'Rename one, or run twice.',
      });
    }
    found.set(name, file);
  }
  return found;
}

/** What queries are called: their file names, or with their folders where files of several folders have one name. */
function queryNames(files: readonly string[]): string[] {
  const short = files.map((file) => basename(file, extname(file)).replace(/\.nii$/i, ''));
  if (new Set(short).size === files.length) return short;
  return files.map((file, index) => `${basename(dirname(resolve(file)))}_${short[index]}`);
}

/** The file a rater's mask of a query is written to. */
export function maskFile(query: string, rater: string): string {
  return `${query}_${rater}.png`;
}

/** The file a query's map of disagreement is written to. */
export function mapFile(query: string): string {
  return maskFile(query, 'disagreement');
}

/**
 * Checks that no two results get one name.
 *
 * @param nameOf the file of a query's mask
 * @throws InputError that names the rater.
 */
export function checkResultNames(queries: readonly string[], raters: readonly string[], nameOf = maskFile): void {
  const taken = new Set(queries.map((query) => nameOf(query, 'disagreement')));
  for (const query of queries) {
    for (const rater of raters) {
      const file = nameOf(query, rater);
      if (taken.has(file)) {
        throw new InputError(`two results would both be written as ${file}.`, { rater, remedy: 'Rename the rater.' });
      }
      taken.add(file);
    }
  }
}

/** Readers of images do not know whose they are. */
async function read<Image>(reader: () => Promise<Image>, file: string, rater?: string): Promise<Image> {
  try {
    return await reader();
  } catch (error) {
    throw withPlace(error, { file, rater, remedy: 'Give a PNG image.' });
  }
}

/** The raters and files of `rater=file` words. @throws InputError for a word without name or file, or a rater named twice. */
export function raterFiles(words: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const [rater, file] = [word.slice(0, at), word.slice(at + 1)];
    if (at < 1 || file === '') {
      throw new InputError(`--mask takes rater=file, not ${JSON.stringify(word)}.`, {
        remedy: 'For example --mask anna=anna.png.',
      });
    }
    if (!/^[\w.-]+$/.test(rater)) {
      throw new InputError('a rater is named with letters, digits, dot, dash and underscore.', {
        rater,
        remedy: 'Its results are named after it.',
      });
    }
    if (found.has(rater)) {
      throw new InputError('is named twice.', { file, rater, remedy: 'Give each rater one mask.' });
    }
    found.set(rater, file);
  }
  return found;
}

function sameSize(
  image: Image2D | Mask2D,
  support: Image2D,
  { what, ...where }: { what: string; file: string; rater?: string },
): void {
  if (image.width === support.width && image.height === support.height) return;
  throw new ShapeError(
    `${what} is ${image.width} x ${image.height}, the support image ${support.width} x ${support.height}.`,
    { ...where, remedy: 'All images of one call must have one size; resample first.' },
  );
}
