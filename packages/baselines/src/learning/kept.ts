import { decodeProgress, encodeProgress, type LearningMemory, type Progress } from './memory.js';

/** Which training is kept, and under which name. */
export interface KeptLearningInputs {
  readonly memory: LearningMemory | undefined;
  readonly name: string;
  /** Everything that shapes the training and that JSON can write; another training's progress is refused. */
  readonly settings: readonly unknown[];
  /** Of the parameters that are trained. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** When nothing is left to learn. */
  readonly epochs: number;
}

/** One training that goes on after an interruption. Without a memory nothing is kept or found. */
export interface KeptLearning {
  /** @throws WeightsError for damaged bytes, or those of another training. */
  read(): Promise<Progress | undefined>;
  /** Keeps a training between two epochs, unless the last time was a moment ago and there is more to learn. */
  keep(progress: Progress): Promise<void>;
}

/** A training's place in a memory. */
export function keptLearning({ memory, name, settings, shapes, epochs }: KeptLearningInputs): KeptLearning {
  const identity = JSON.stringify([memory?.identity, ...settings]);
  let last = performance.now();
  return {
    read: async () => memory?.read(name, (bytes) => decodeProgress(bytes, shapes, identity)),
    keep: async ({ epoch, trained }) => {
      if (memory === undefined) return;
      const finished = epoch === epochs;
      if (!finished && performance.now() - last < (memory.pause ?? 0)) return;
      // Nobody needs moments once nothing is left to learn.
      const kept = finished ? { ...trained, moments: {} } : trained;
      await memory.write(name, encodeProgress({ epoch, trained: kept }, identity), finished);
      last = performance.now();
    },
  };
}
