import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { decodePng, encodePng, greyPicture, type Image2D, type Mask2D, maskPicture } from '@fsmr/imaging';
import { z } from 'zod';
import { namesIn, writeJson } from '../run/files.js';
import type { Panel, RaterMaskTable } from './panel.js';

const masks = z.record(z.string(), z.string());
const panelSchema = z.object({
  title: z.string(),
  support: z.object({ image: z.string(), masks }),
  query: z.object({ image: z.string(), truth: masks.optional() }),
  predictions: z.record(z.string(), masks),
});

/** Writes what a panel shows, images as PNGs in base 64, so that it can be drawn again without data and weights. */
export async function writePanel(file: string, { title, support, query, predictions }: Panel): Promise<void> {
  const { truth } = query;
  await writeJson(file, {
    title,
    support: { image: base64(greyPicture(support.image)), masks: packed(support.masks) },
    query: { image: base64(greyPicture(query.image)), ...(truth === undefined ? {} : { truth: packed(truth) }) },
    predictions: Object.fromEntries([...predictions].map(([arm, table]) => [arm, packed(table)])),
  } satisfies z.input<typeof panelSchema>);
}

/** The panels of a run folder in the order of their names; none where it has none. @throws InputError for a damaged one. */
export async function readPanels(folder: string): Promise<Panel[]> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map((name) => readPanel(join(folder, name))));
}

async function readPanel(file: string): Promise<Panel> {
  try {
    const { title, support, query, predictions } = panelSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    return {
      title,
      support: { image: image(support.image), masks: unpacked(support.masks) },
      query: {
        image: image(query.image),
        ...(query.truth === undefined ? {} : { truth: unpacked(query.truth) }),
      },
      predictions: new Map(Object.entries(predictions).map(([arm, table]) => [arm, unpacked(table)])),
    };
  } catch (cause) {
    throw new InputError('is no panel.', { file, cause, remedy: 'Delete it and run `fsmr evaluate` again.' });
  }
}

function base64(picture: Parameters<typeof encodePng>[0]): string {
  return Buffer.from(encodePng(picture)).toString('base64');
}

function packed(table: RaterMaskTable): Record<string, string> {
  return Object.fromEntries([...table].map(([rater, mask]) => [rater, base64(maskPicture(mask))]));
}

function unpacked(table: Readonly<Record<string, string>>): RaterMaskTable {
  return new Map(Object.entries(table).map(([rater, text]) => [rater, maskOf(text)]));
}

function image(text: string): Image2D {
  const { width, height, data } = decodePng(Buffer.from(text, 'base64'));
  return { width, height, data: Float32Array.from(data) };
}

function maskOf(text: string): Mask2D {
  const { width, height, data } = decodePng(Buffer.from(text, 'base64'));
  return { width, height, data: Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)) };
}
