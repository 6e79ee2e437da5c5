/** Which data a tensor has: found at its id, where this backend made it, and by way of a weak map otherwise. */
import * as tf from '@tensorflow/tfjs';
import type { TensorData } from './tensor-data.js';

/** An id that carries its data, because a training step looks data up thousands of times and weak maps are slow. */
class OwnId {
  data: TensorData | undefined;
  readonly owner: TensorStorage;

  constructor(owner: TensorStorage, data: TensorData) {
    this.owner = owner;
    this.data = data;
  }
}

/** The data of all tensors of one backend; ids of other backends' tensors become known when TensorFlow.js moves those here. */
export class TensorStorage extends tf.DataStorage<TensorData> {
  #own = 0;

  /** A new id for the data. */
  add(data: TensorData): object {
    this.#own++;
    return new OwnId(this, data);
  }

  override get(dataId: object): TensorData {
    return this.#at(dataId)?.data ?? super.get(dataId);
  }

  override has(dataId: object): boolean {
    return this.#at(dataId)?.data !== undefined || super.has(dataId);
  }

  override delete(dataId: object): boolean {
    const own = this.#at(dataId);
    if (own?.data === undefined) return super.delete(dataId);
    own.data = undefined;
    this.#own--;
    return true;
  }

  override numDataIds(): number {
    return this.#own + super.numDataIds();
  }

  #at(dataId: object): OwnId | undefined {
    return dataId instanceof OwnId && dataId.owner === this ? dataId : undefined;
  }
}
