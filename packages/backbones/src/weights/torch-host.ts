import { WeightsError } from '@fsmr/core';
import type { ElementTypeName } from './array.js';
import { PickleGlobal, type PickleHost, PickleObject, type PickleValue } from './pickle.js';
import type { Storage, TensorView } from './torch-tensor.js';

const storageTypes: Readonly<Record<string, ElementTypeName>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

const rebuildTensor = ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'];
const rebuildParameter = 'torch._utils._rebuild_parameter';
const orderedDict = 'collections.OrderedDict';
const sizes = 'torch.Size';

/** Finds the storage of a key. */
export type StorageSource = (key: string, type: ElementTypeName, count: number) => Storage;

/** The element type of a storage class, or undefined for any other name. */
function storageType(path: string): ElementTypeName | undefined {
  const name = /^torch(?:\.cuda|\.storage)?\.(\w+)$/.exec(path)?.[1];
  return name !== undefined && Object.hasOwn(storageTypes, name) ? storageTypes[name] : undefined;
}

/** PyTorch's own limit. */
const mostAxes = 64;
/** Far more pairs than any model has. A file may name one list again and again, and each time it would be copied. */
const mostPairs = 1_000_000;

function whole(value: PickleValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new WeightsError(`a tensor has no ${what}.`);
}

function wholes(value: PickleValue | undefined, what: string): number[] {
  if (Array.isArray(value) && value.length > mostAxes) {
    throw new WeightsError(`a tensor has a ${what} of ${value.length} axes; torch knows ${mostAxes}.`);
  }
  if (Array.isArray(value)) return value.map((item) => whole(item, what));
  throw new WeightsError(`a tensor has no ${what}.`);
}

function unwrap<T>(value: PickleValue | undefined, kind: string): T {
  if (value instanceof PickleObject && value.kind === kind) return value.value as T;
  throw new WeightsError(`a tensor has no ${kind}.`);
}

/**
 * What a torch state dict may construct: ordered dictionaries, tensors, parameters, sizes and storages. Everything
 * else is refused by name.
 */
export function torchHost(source: StorageSource): PickleHost {
  const known = new Set([...rebuildTensor, rebuildParameter, orderedDict, sizes]);
  let pairs = 0;
  const orderedMap = (list: PickleValue | undefined): Map<PickleValue, PickleValue> => {
    pairs += Array.isArray(list) ? list.length : 0;
    if (pairs > mostPairs) throw new WeightsError(`the file builds dictionaries of more than ${mostPairs} pairs.`);
    return mapOfPairs(list);
  };
  return {
    allows: (path) => known.has(path) || storageType(path) !== undefined,
    call(path, args) {
      if (path === orderedDict) return orderedMap(args[0]);
      if (path === sizes) return args[0] ?? [];
      if (path === rebuildParameter) {
        unwrap<TensorView>(args[0], 'tensor');
        return args[0]!;
      }
      if (rebuildTensor.includes(path)) {
        const view: TensorView = {
          storage: unwrap<Storage>(args[0], 'storage'),
          offset: whole(args[1], 'offset'),
          shape: wholes(args[2], 'shape'),
          strides: wholes(args[3], 'strides'),
        };
        return new PickleObject('tensor', view);
      }
      throw new WeightsError(`the file wants to call ${path}, which is not allowed.`);
    },
    persistent(id) {
      const [kind, type, key, , count] = Array.isArray(id) ? id : [];
      const elementType = type instanceof PickleGlobal ? storageType(type.path) : undefined;
      if (kind !== 'storage' || elementType === undefined || typeof key !== 'string') {
        throw new WeightsError('the file refers to something that is no storage of tensors.');
      }
      return new PickleObject('storage', source(key, elementType, whole(count, 'storage size')));
    },
  };
}

/** An ordered dictionary from a list of pairs, as protocol 0 and 1 may write it. */
function mapOfPairs(pairs: PickleValue | undefined): Map<PickleValue, PickleValue> {
  const map = new Map<PickleValue, PickleValue>();
  if (pairs === undefined) return map;
  if (!Array.isArray(pairs)) throw new WeightsError('an ordered dictionary holds no pairs.');
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new WeightsError('an ordered dictionary holds no pairs.');
    map.set(pair[0]!, pair[1]!);
  }
  return map;
}
