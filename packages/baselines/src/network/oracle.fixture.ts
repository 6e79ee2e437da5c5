import { readdirSync, readFileSync } from 'node:fs';
import { type Oracle, sharedFolder, sharedPath } from '@fsmr/testing';
import { registerOnnxRuntimeBackend, unregisterOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, it } from 'vitest';

/** The archives of the oracles whose name starts with a prefix; one stand-in name where there are none. */
export function archives(prefix: string): string[] {
  if (sharedFolder === undefined) return ['no shared folder'];
  return readdirSync(sharedPath('oracles', 'npz'))
    .filter((file) => file.startsWith(prefix) && file.endsWith('.npz'))
    .map((file) => file.replace(/\.npz$/, ''))
    .sort();
}

/** The body of a suite that is skipped for want of the shared folder: bodies run all the same, and need a test. */
export function withoutOracles(): void {
  it('needs the shared folder', () => {});
}

/** What the manifest says of an array of an archive: inputs made by formula are described there alone. */
export function meaningOf(archive: string, array: string): string {
  const { fixtures } = JSON.parse(readFileSync(sharedPath('oracles', 'npz', 'manifest.json'), 'utf8')) as {
    fixtures: { file: string; arrays: Record<string, { meaning: string }> }[];
  };
  return fixtures.find(({ file }) => file === `${archive}.npz`)?.arrays[array]?.meaning ?? '';
}

/** The manifest's salt, which begins the name of every formula. */
export const saltOf = (oracle: Oracle): string => oracle.constants.salt as string;

/** Runs the tests of a file on ONNX Runtime with one thread. */
export function useNativeBackend(name: string): void {
  let before: string | undefined;
  beforeAll(async () => {
    before = tf.getBackend();
    await tf.setBackend(registerOnnxRuntimeBackend({ name, threads: 1 }));
  });
  afterAll(async () => {
    await tf.setBackend(before ?? 'cpu');
    unregisterOnnxRuntimeBackend(name);
  });
}
