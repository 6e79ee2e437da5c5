import { alpnet } from '@fsmr/alpnet';
import { tinyEncoder } from '@fsmr/backbones';
import { ConfigError, createRandom, type Episode, type Model, type Random } from '@fsmr/core';
import { startEngine } from '@fsmr/engine';
import { japc } from '@fsmr/japc';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { basePlan, twoStagePlan } from './plan.js';
import { disposeState, initialState, type TrainingState } from './state.js';
import { type StepReport, trainStep } from './step.js';
import { disposeEpisode, type EpisodeSource, train } from './train.js';

beforeAll(async () => {
  await startEngine({ threads: 1 });
});

const model: Model = { backbone: tinyEncoder({ channels: 16, width: 4 }), method: japc(alpnet({ protoGridSize: 2 })) };
const side = 64;

/** A bright disc on noise; raters draw it larger or smaller. */
function disc(raters: number, random: Random): Episode {
  const [row, column] = [random.integer(24, 40), random.integer(24, 40)];
  const within = (radius: number) =>
    Float32Array.from({ length: side * side }, (_, i) =>
      Math.hypot(Math.floor(i / side) - row, (i % side) - column) <= radius ? 1 : 0,
    );
  const annotated = () => ({
    image: tf.tidy(() => {
      const grey = within(14).map((value) => 2 * value + random.normal());
      return tf.tile(tf.tensor3d(grey, [side, side, 1]), [1, 1, 3]);
    }),
    masks: Object.fromEntries(
      Array.from({ length: raters }, (_, r) => [`r${r}`, tf.tensor2d(within(14 + 2 * r), [side, side])]),
    ),
  });
  return { raters: Array.from({ length: raters }, (_, r) => `r${r}`), support: [annotated()], query: annotated() };
}

const episodes: EpisodeSource = ({ stage, random }) => disc(stage.raters, random);
const values = ({ parameters }: TrainingState) =>
  Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, [...tensor.dataSync()]]));

describe('train', () => {
  it('lowers the loss, and switches the calibrator on in the second stage', async () => {
    const reports: StepReport[] = [];
    const plan = twoStagePlan(24, 2, { learningRate: 0.01 });
    const state = await train({
      model,
      plan,
      state: initialState(model, 1),
      episodes,
      seed: 1,
      onStep: (step) => reports.push(step),
    });
    expect(reports).toHaveLength(24);
    expect(reports.slice(0, 12).every(({ calibration }) => calibration === 0)).toBe(true);
    expect(reports.slice(12).every(({ calibration }) => calibration > 0)).toBe(true);
    const mean = (part: StepReport[]) => part.reduce((sum, { segmentation }) => sum + segmentation, 0) / part.length;
    expect(mean(reports.slice(18))).toBeLessThan(mean(reports.slice(0, 6)));
    disposeState(state);
  });

  it('ends with the same weights when it was interrupted and resumed, bit for bit', async () => {
    const plan = twoStagePlan(6, 2);
    const run = (state: TrainingState, signal?: AbortSignal, onStep?: (report: StepReport) => void) =>
      train({ model, plan, state, episodes, seed: 7, ...(signal && { signal }), ...(onStep && { onStep }) });
    const whole = await run(initialState(model, 7));
    for (const stop of [1, 3, 4]) {
      const controller = new AbortController();
      const half = await run(
        initialState(model, 7),
        controller.signal,
        ({ step }) => step === stop && controller.abort(),
      );
      expect(half.step).toBe(stop);
      const resumed = await run(half);
      expect(values(resumed)).toEqual(values(whole));
      disposeState(resumed);
    }
    disposeState(whole);
  });

  it('refuses a method of another version of the contract before it asks for an episode, and frees the state', async () => {
    const before = tf.memory().numTensors;
    const state = initialState(model, 1);
    const later = { ...model, method: { ...model.method, specificationVersion: 'fsmr-2' as 'fsmr-1' } };
    const asked: number[] = [];
    const source: EpisodeSource = (request) => {
      asked.push(request.stage.raters);
      return episodes(request);
    };
    const run = train({ model: later, plan: basePlan(1), state, episodes: source, seed: 1 });
    await expect(run).rejects.toThrow(ConfigError);
    expect(asked).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('hands every state to the checkpoint once, also the last', async () => {
    const saved: number[] = [];
    const inputs = { model, plan: twoStagePlan(5, 2), episodes, seed: 1, checkpointEvery: 2 };
    const state = await train({
      ...inputs,
      state: initialState(model, 1),
      onCheckpoint: ({ step }) => void saved.push(step),
    });
    expect(saved).toEqual([2, 4, 5]);
    disposeState(state);
  });

  it('stops where the loss is not a number, and keeps the state before', async () => {
    let kept = -1;
    const spoiled: EpisodeSource = ({ step, stage, random }) => {
      const episode = disc(stage.raters, random);
      if (step < 2) return episode;
      episode.query.image.dispose();
      // Finite, but not once it was summed.
      return { ...episode, query: { ...episode.query, image: tf.fill([side, side, 3], 3e38) } };
    };
    const before = tf.memory().numTensors;
    const run = train({
      model,
      plan: twoStagePlan(6, 2),
      state: initialState(model, 1),
      episodes: spoiled,
      seed: 1,
      onCheckpoint: ({ step }) => {
        kept = step;
      },
    });
    await expect(run).rejects.toThrow(
      /^step 3 \(base\): the loss is NaN .*segmentation NaN, .*learning rate 0.001, first in encoder.*Start anew/,
    );
    expect(kept).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('keeps what was learned where a step has no episode', async () => {
  const saved: number[] = [];
  const before = tf.memory().numTensors;
  const run = train({
    model,
    plan: twoStagePlan(6, 2),
    state: initialState(model, 1),
    episodes: (request) => {
      if (request.step === 2) throw new Error('no such file');
      return episodes(request);
    },
    seed: 1,
    onCheckpoint: ({ step }) => void saved.push(step),
  });
  await expect(run).rejects.toThrow('no such file');
  expect(saved).toEqual([2]);
  expect(tf.memory().numTensors).toBe(before);
});

describe('trainStep', () => {
  it('leaks nothing', () => {
    const plan = twoStagePlan(4, 2);
    let state = initialState(model, 1);
    const counts: number[] = [];
    for (let step = 0; step < 4; step++) {
      const random = { normal: () => 0.1, integer: () => 30 } as unknown as Random;
      const episode = disc(2, random);
      state = trainStep(model, plan, state, episode, random).state;
      tf.dispose([episode.query.image, episode.support[0]!.image]);
      tf.dispose([Object.values(episode.query.masks), Object.values(episode.support[0]!.masks)]);
      counts.push(tf.memory().numTensors);
    }
    // Stage 1 leaves the calibrator alone; its velocities appear with its first step and stay.
    expect(counts[1]).toBe(counts[0]);
    expect(counts[3]).toBe(counts[2]);
    disposeState(state);
  });
});

describe('what goes wrong', () => {
  const plan = twoStagePlan(4, 2, { learningRate: 0.01 });
  const run = (changes: Partial<Parameters<typeof train>[0]>) =>
    train({ model, plan, state: initialState(model, 1), episodes, seed: 1, ...changes });

  it('in the middle of a step leaves nothing of it behind', () => {
    const { method } = model;
    let scored = 0;
    const faulty: Model = {
      ...model,
      method: {
        ...method,
        score: (inputs) => {
          if (++scored === 3) throw new ConfigError('no score.');
          return method.score(inputs);
        },
      },
    };
    const state = initialState(model, 1);
    const episode = disc(2, createRandom(1));
    const before = tf.memory().numTensors;
    expect(() => trainStep(faulty, basePlan(1), state, episode, createRandom(1))).toThrow('no score.');
    expect(tf.memory().numTensors).toBe(before);
    disposeState(state);
    disposeEpisode(episode);
  });

  it('in a checkpoint frees the state, and does not hide what went wrong before', async () => {
    const before = tf.memory().numTensors;
    const onCheckpoint = (): void => {
      throw new Error('disk full');
    };
    await expect(run({ onCheckpoint, checkpointEvery: 2 })).rejects.toThrow('disk full');
    const failing = run({
      onCheckpoint,
      episodes: (request) => {
        if (request.step === 1) throw new Error('no episode');
        return episodes(request);
      },
    });
    await expect(failing).rejects.toMatchObject({ message: 'no episode', cause: { message: 'disk full' } });
    await expect(run({ plan: { ...plan, momentum: 2 } })).rejects.toThrow('momentum must be');
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('steps over what is all frozen, and reports its losses', async () => {
  const bare: Model = { backbone: model.backbone, method: alpnet({ protoGridSize: 2 }) };
  const before = tf.memory().numTensors;
  const frozen = initialState(bare, 1);
  const own = values(frozen);
  const reports: StepReport[] = [];
  const plan = basePlan(2, { freezeBackbone: Number.POSITIVE_INFINITY });
  const state = await train({
    model: bare,
    plan,
    state: frozen,
    episodes,
    seed: 1,
    onStep: (step) => reports.push(step),
  });
  expect(reports.map(({ gradientNorm }) => gradientNorm)).toEqual([0, 0]);
  expect(reports.every(({ segmentation }) => segmentation > 0)).toBe(true);
  const trainable = Object.entries(values(state)).filter(([name]) => !name.includes('running'));
  expect(trainable.length).toBeGreaterThan(0);
  for (const [name, value] of trainable) expect(value, name).toEqual(own[name]);
  disposeState(state);
  expect(tf.memory().numTensors).toBe(before);
});
