import { WeightsError } from '@fsmr/core';
import { elementTypes, memoryBudget, type WeightArray, type Weights } from './array.js';
import { PickleObject, type PickleValue, readPickle } from './pickle.js';
import { torchHost } from './torch-host.js';
import { readView, type Storage, type TensorView } from './torch-tensor.js';
import { openZip, type ZipArchive } from './zip.js';

/** Keys under which training programs put the state dict beside optimiser and epoch. */
const wrappers = ['model', 'state_dict', 'model_state_dict', 'model_state', 'net', 'network', 'weights'];

const maximumDepth = 16;

/** Whether an archive was written by `torch.save`. */
export function isTorchArchive(archive: ZipArchive): boolean {
  return archive.names.some((name) => name.endsWith('data.pkl'));
}

/**
 * Reads a checkpoint that `torch.save` of version 1.6 or later wrote, any pickle protocol. Only plain data and tensors
 * are accepted; no code in the file is ever run.
 *
 * @throws WeightsError for a damaged file, and by name for what is neither data nor tensor.
 */
export function parseTorchArchive(bytes: Uint8Array): Weights {
  const archive = openZip(bytes);
  const pickle = archive.names.find((name) => name.endsWith('data.pkl'));
  if (pickle === undefined) throw new WeightsError('the archive holds no data.pkl, so torch.save did not write it.');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = `${folder}byteorder`;
  if (archive.names.includes(order) && new TextDecoder().decode(archive.read(order)) === 'big') {
    throw new WeightsError('the checkpoint was written on a big-endian machine.');
  }
  const storages = new Map<string, Uint8Array>();
  const host = torchHost((key, type, count): Storage => {
    const name = `${folder}data/${key}`;
    return {
      type,
      count,
      bytes: () => {
        const known = storages.get(name) ?? archive.read(name);
        storages.set(name, known);
        checkSize(known, key, type, count);
        return known;
      },
    };
  });
  return collectTensors(readPickle(archive.read(pickle), host).value, memoryBudget(bytes.length));
}

function checkSize(bytes: Uint8Array, key: string, type: Storage['type'], count: number): void {
  if (count * elementTypes[type].bytes <= bytes.length) return;
  throw new WeightsError(`storage ${key} should hold ${count} elements, but has ${bytes.length} bytes.`);
}

/** The first bytes of the older format, one pickle holding a magic number. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** More than that pickle takes in any protocol. */
const longestMagic = 64;

/** Whether bytes start as checkpoints before torch 1.6 do, in any pickle protocol. */
export function isTorchLegacy(bytes: Uint8Array): boolean {
  const nothing = torchHost(() => fail('a storage stands where none can'));
  try {
    return readPickle(bytes.subarray(0, longestMagic), nothing).value === legacyMagic;
  } catch {
    return false;
  }
}

/**
 * Reads a checkpoint as torch wrote them before version 1.6: four pickles, then the list of storages and their bytes.
 *
 * @throws WeightsError as {@link parseTorchArchive} does.
 */
export function parseTorchLegacy(bytes: Uint8Array): Weights {
  const found = new Map<string, { count: number; type: Storage['type']; bytes?: Uint8Array }>();
  const host = torchHost((key, type, count): Storage => {
    const known = found.get(key);
    if (known !== undefined && known.type !== type) throw new WeightsError(`storage ${key} has two element types.`);
    found.set(key, { type, count });
    return {
      type,
      count,
      bytes: () => found.get(key)?.bytes ?? fail(`storage ${key} is missing`),
    };
  });
  const nothing = torchHost(() => fail('a storage stands where none can'));
  const magic = readPickle(bytes, nothing);
  if (magic.value !== legacyMagic) fail('its magic number is wrong');
  const protocol = readPickle(bytes, nothing, magic.end);
  if (protocol.value !== 1001) fail('its protocol is not 1001');
  const system = readPickle(bytes, nothing, protocol.end);
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) fail('it is not little-endian');
  const content = readPickle(bytes, host, system.end);
  const keys = readPickle(bytes, nothing, content.end);
  if (!Array.isArray(keys.value)) fail('its list of storages is missing');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = keys.end;
  for (const key of keys.value as PickleValue[]) {
    const storage = typeof key === 'string' ? found.get(key) : undefined;
    if (storage === undefined) fail('it lists a storage that no tensor uses');
    if (at + 8 > bytes.length) fail('its storages end early');
    const size = storage!.count * elementTypes[storage!.type].bytes;
    if (view.getBigInt64(at, true) !== BigInt(storage!.count)) fail('a storage has another size than it should');
    if (at + 8 + size > bytes.length) fail('its storages end early');
    storage!.bytes = bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size;
  }
  return collectTensors(content.value, memoryBudget(bytes.length));
}

function fail(fault: string): never {
  throw new WeightsError(`the checkpoint is damaged: ${fault}.`, { remedy: 'Fetch or save the file again.' });
}

/**
 * Names the tensors of nested dictionaries by their path. A state dict that a training program wrapped is unwrapped.
 */
function collectTensors(root: PickleValue, charge: (bytes: number) => void): Weights {
  const weights = new Map<string, WeightArray>();
  const walk = (value: PickleValue, path: string, depth: number): void => {
    // Dictionaries that share dictionaries are small in the file and endless to walk.
    charge(64);
    if (value instanceof PickleObject && value.kind === 'tensor') {
      if (weights.has(path)) throw new WeightsError(`the file holds ${path} twice.`);
      weights.set(path, readView(value.value as TensorView, charge));
    } else if (value instanceof Map) {
      if (depth > maximumDepth) throw new WeightsError('the file nests its dictionaries without end.');
      for (const [key, item] of value) {
        if (typeof key === 'string' || typeof key === 'number')
          walk(item, path === '' ? `${key}` : `${path}.${key}`, depth + 1);
      }
    }
  };
  walk(unwrapState(root), '', 0);
  if (weights.size === 0) throw new WeightsError('the file holds no tensors.');
  return weights;
}

function unwrapState(root: PickleValue): PickleValue {
  if (!(root instanceof Map)) return root;
  const isTensor = (value: PickleValue): boolean => value instanceof PickleObject && value.kind === 'tensor';
  if ([...root.values()].some(isTensor)) return root;
  for (const key of wrappers) {
    const inner = root.get(key);
    if (inner instanceof Map && [...inner.values()].some(isTensor)) return inner;
  }
  return root;
}
