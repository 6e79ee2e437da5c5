import { tinyEncoder } from '@fsmr/backbones';
import { createRandom, type FeatureMaps, initModel, type Model, type PrototypeMethod } from '@fsmr/core';
import { phantomDataset, sliceOf, toAnnotatedImage } from '@fsmr/datasets';
import { createFeatureStore, encoderOf } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';

/** Features of a support and a query image, and what three raters outlined on both. */
export interface Scene {
  readonly name: string;
  readonly support: FeatureMaps;
  readonly query: FeatureMaps;
  /** [R, 1, H, W] */
  readonly masks: tf.Tensor4D;
  /** [R, H, W] */
  readonly truth: tf.Tensor3D;
}

const size = 128;
const channels = 64;

/**
 * The first organ of two phantoms, outlined by a generous, a tight and a smooth rater: once with random features, which
 * resemble each other nowhere, once with those of a small encoder, which resemble each other everywhere.
 */
export async function scenes(method: PrototypeMethod): Promise<Scene[]> {
  const dataset = phantomDataset({ seed: 3, scans: 2, size, raters: 3, classes: 1 });
  const [support, query] = await Promise.all(dataset.scans.map(({ id }) => dataset.read(id)));
  const masksOf = (scan: NonNullable<typeof support>) => {
    const { image, masks } = toAnnotatedImage(
      { ...sliceOf(scan, 0), masks: dataset.raters.map((rater) => scan.labels[rater]!) },
      dataset.raters,
    );
    image.dispose();
    return Object.values(masks);
  };
  const masks = tf.expandDims(tf.stack(masksOf(support!)), 1) as tf.Tensor4D;
  const truth = tf.stack(masksOf(query!)) as tf.Tensor3D;
  const model: Model = { backbone: tinyEncoder({ channels, stride: 4 }), method };
  const store = createFeatureStore(encoderOf(model, initModel(model, 1)));
  return [
    { name: 'random features', support: noise(1), query: noise(2), masks, truth },
    { name: 'encoder features', support: store.of(support!, 0), query: store.of(query!, 0), masks, truth },
  ];
}

function noise(seed: number): FeatureMaps {
  const random = createRandom(seed);
  const values = Float32Array.from({ length: (size / 4) ** 2 * channels }, () => random.normal());
  return { maps: [tf.tensor4d(values, [1, size / 4, size / 4, channels])] };
}
