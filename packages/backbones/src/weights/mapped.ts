import { open } from 'node:fs/promises';
import { isFsmrError, WeightsError } from '@fsmr/core';
import { type Elements, elementCount, readElements } from './array.js';
import { headerLength, isSafetensors, parseIndex, type SafetensorsEntry } from './safetensors.js';

/** One array of a file whose large arrays stay on disk. */
export interface MappedArray {
  readonly shape: readonly number[];
  readonly type: SafetensorsEntry['type'];
  /** Where in the file it starts, and its length, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** The elements where they were asked for. */
  readonly data: Elements | undefined;
}

/** A safetensors file of which only the header and some arrays were read. */
export interface MappedFile {
  readonly arrays: ReadonlyMap<string, MappedArray>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads the header of a safetensors file, and those arrays that `wanted` names: vectors unless given.
 *
 * @returns undefined where the file is of another format.
 * @throws WeightsError where it cannot be read or is damaged.
 */
export async function openSafetensors(
  file: string,
  wanted: (name: string, shape: readonly number[]) => boolean = (_name, shape) => shape.length < 2,
): Promise<MappedFile | undefined> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new WeightsError('the weights file cannot be read.', { file, remedy: 'Check the path.', cause });
  });
  try {
    const { size } = await handle.stat();
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    };
    const start = await read(0, 16);
    if (!isSafetensors(start)) return undefined;
    const header = headerLength(start, size);
    const body = 8 + header;
    const { entries, metadata } = parseIndex(await read(8, header), size - body);
    const arrays = await Promise.all(
      entries.map(async ({ name, type, shape, begin, end }): Promise<[string, MappedArray]> => {
        const place = { shape, type, offset: body + begin, length: end - begin };
        if (!wanted(name, shape)) return [name, { ...place, data: undefined }];
        const bytes = await read(place.offset, place.length);
        return [name, { ...place, data: readElements(bytes, type, elementCount(shape, name)) }];
      }),
    );
    return { arrays: new Map(arrays), metadata };
  } catch (cause) {
    if (isFsmrError(cause)) throw new WeightsError(cause.message, { file, cause });
    throw new WeightsError('the weights file cannot be read.', { file, cause });
  } finally {
    await handle.close();
  }
}
