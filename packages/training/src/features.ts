import { encoderPrefix, type FeatureMaps, type Model, type ParameterRecord, withPrefix } from '@fsmr/core';
import { normalise, type Scan, type Statistics } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';

/** Feature maps of the slices of a data set, each computed once while it is remembered. */
export interface FeatureStore {
  /** Features [1, h, w, C] of one slice of a scan as stored; they belong to the store. */
  of(scan: Scan, slice: number): FeatureMaps;
  /** Frees everything. */
  dispose(): void;
}

/** The entries that always fit: an episode needs the support slices of all parts and its query at once. */
const newest = 8;

/** Encodes one image batch [B, H, W, 3] outside training. */
export type Encode = (images: tf.Tensor4D) => FeatureMaps;

/** The plain way to encode: the backbone's own `apply`. A compiled encoder does the same faster. */
export function encoderOf({ backbone }: Model, parameters: ParameterRecord): Encode {
  const own = withPrefix(parameters, encoderPrefix);
  return (images) => tf.tidy(() => backbone.apply(own, images, { training: false }).features as never);
}

/** One slice of a normalised scan as a network image, grey repeated to three channels. [1, H, W, 3] */
export function sliceImage({ size: [, height, width], image }: Scan, slice: number): tf.Tensor4D {
  const plane = height * width;
  return tf.tidy(() => {
    const pixels = image.slice(slice * plane, (slice + 1) * plane);
    return tf.tile(tf.tensor4d(pixels, [1, height, width, 1]), [1, 1, 1, 3]);
  });
}

/** Reads slices of scans as stored as network images [1, H, W, 3], which the caller owns. */
export type SliceReader = (scan: Scan, slice: number) => tf.Tensor4D;

/** A reader that normalises; slices of a scan come one after the other, so it normalises the last scan once. */
export function sliceReader(statistics?: Statistics): SliceReader {
  let last: { readonly scan: Scan; readonly normalised: Scan } | undefined;
  return (scan, slice) => {
    if (last?.scan !== scan) last = { scan, normalised: normalise(scan, statistics) };
    return sliceImage(last.normalised, slice);
  };
}

/**
 * A store that remembers features up to a budget. Beyond it, what was used last is forgotten, but for the newest few: an
 * evaluation comes back to the same slices in the same order for every support, and whoever forgets the oldest then
 * forgets each slice just before it is wanted again.
 *
 * @param budget bytes of features to remember, 2 GiB unless given.
 */
export function createFeatureStore(encode: Encode, statistics?: Statistics, budget = 2 ** 31): FeatureStore {
  const remembered = new Map<string, { features: FeatureMaps; bytes: number }>();
  let held = 0;
  const read = sliceReader(statistics);
  const forget = (key: string): void => {
    const entry = remembered.get(key)!;
    tf.dispose(entry.features as never);
    held -= entry.bytes;
    remembered.delete(key);
  };
  return {
    of: (scan, slice) => {
      const key = `${scan.id}/${slice}`;
      const known = remembered.get(key);
      if (known !== undefined) {
        remembered.delete(key);
        remembered.set(key, known);
        return known.features;
      }
      const image = read(scan, slice);
      const features = encodeOnce(encode, image);
      // They outlive whatever scope their first user is in.
      for (const tensor of tensorsOf(features)) tf.keep(tensor);
      const bytes = features.maps.reduce((sum, map) => sum + 4 * map.size, 0);
      while (held + bytes > budget && remembered.size >= newest) forget([...remembered.keys()].at(-newest)!);
      remembered.set(key, { features, bytes });
      held += bytes;
      return features;
    },
    dispose: () => {
      for (const key of [...remembered.keys()]) forget(key);
    },
  };
}

function tensorsOf({ maps, threshold }: FeatureMaps): tf.Tensor[] {
  return threshold === undefined ? [...maps] : [...maps, threshold];
}

function encodeOnce(encode: (image: tf.Tensor4D) => FeatureMaps, image: tf.Tensor4D): FeatureMaps {
  try {
    return encode(image);
  } finally {
    image.dispose();
  }
}
