import type { Scan } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';

/** Masks of query slices, each computed once while it is remembered. */
export interface RememberedMasks {
  /**
   * What `segment` says of a slice, or said of it before. [R, H, W], 0 or 1; the caller owns it.
   *
   * @param query scans of one id are taken for the same scan
   */
  of(query: Scan, slice: number, segment: () => tf.Tensor3D): tf.Tensor3D;
}

/**
 * Remembers the masks of a network whose answers do not depend on a support, so that an evaluation over many supports
 * asks it once a query slice. Pixels take a bit a rater; what comes when the budget is spent is not remembered, as
 * evaluations come back to the same slices in the same order.
 *
 * @param budget bytes, 512 MiB unless given: slices of 256 x 256 and up to eight raters take 64 KiB each.
 */
export function rememberMasks(budget = 2 ** 29): RememberedMasks {
  const remembered = new Map<string, { readonly shape: tf.Tensor3D['shape']; readonly bits: Uint8Array }>();
  let held = 0;
  return {
    of: (query, slice, segment) => {
      const key = `${query.id}/${slice}/${query.size.join('x')}`;
      const known = remembered.get(key);
      if (known !== undefined) return tf.tensor3d(unpacked(known.bits, known.shape), known.shape);
      const masks = segment();
      const bytes = Math.ceil(masks.shape[0] / 8) * masks.shape[1] * masks.shape[2];
      if (held + bytes <= budget) {
        remembered.set(key, { shape: masks.shape, bits: packed(masks.dataSync(), masks.shape) });
        held += bytes;
      }
      return masks;
    },
  };
}

/** Bit r of a pixel's bytes is rater r's mask; the bytes of raters 0 to 7 come first for all pixels, then those of 8 to 15. */
function packed(masks: ArrayLike<number>, [raters, height, width]: tf.Tensor3D['shape']): Uint8Array {
  const plane = height * width;
  const bits = new Uint8Array(Math.ceil(raters / 8) * plane);
  for (let rater = 0; rater < raters; rater++) {
    const [from, to, bit] = [rater * plane, (rater >> 3) * plane, 1 << (rater & 7)];
    for (let pixel = 0; pixel < plane; pixel++) if (masks[from + pixel] !== 0) bits[to + pixel]! |= bit;
  }
  return bits;
}

function unpacked(bits: Uint8Array, [raters, height, width]: tf.Tensor3D['shape']): Float32Array {
  const plane = height * width;
  const masks = new Float32Array(raters * plane);
  for (let rater = 0; rater < raters; rater++) {
    const [to, from, shift] = [rater * plane, (rater >> 3) * plane, rater & 7];
    for (let pixel = 0; pixel < plane; pixel++) masks[to + pixel] = (bits[from + pixel]! >> shift) & 1;
  }
  return masks;
}
