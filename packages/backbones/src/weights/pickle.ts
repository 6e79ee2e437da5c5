import { WeightsError } from '@fsmr/core';
import { PickleReader } from './pickle-reader.js';

/** What a pickle may hold: numbers, texts, lists, maps, and what allowed constructors and persistent ids stand for. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject;

/** A name such as `torch._utils._rebuild_tensor_v2`; it is never looked up, only compared. */
export class PickleGlobal {
  constructor(readonly path: string) {}
}

/** Something a host makes of a constructor call or a persistent id. */
export class PickleObject {
  constructor(
    readonly kind: string,
    readonly value: unknown,
  ) {}
}

/** What a pickle may call. Nothing else is possible: an unknown name is refused, no code is ever run. */
export interface PickleHost {
  /** Whether a name may occur at all. */
  allows(path: string): boolean;
  /** The result of a call. */
  call(path: string, args: readonly PickleValue[]): PickleValue;
  /** What a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

const mark = Symbol('mark');
type Slot = PickleValue | typeof mark;

const maximumDepth = 1_000_000;

/**
 * Reads one pickle of protocol 0 to 5 as a value, starting at `start`.
 *
 * @returns the value and the offset after it.
 * @throws WeightsError for anything but plain data and the calls the host allows.
 * @see the opcode list in Python's `pickletools`.
 */
export function readPickle(bytes: Uint8Array, host: PickleHost, start = 0): { value: PickleValue; end: number } {
  const reader = new PickleReader(bytes, start);
  const stack: Slot[] = [];
  const memo = new Map<number, PickleValue>();

  const fail = (fault: string): never => {
    throw new WeightsError(`the pickle cannot be read: ${fault}.`, { remedy: 'Save a plain state dict of tensors.' });
  };
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined || value === mark) return fail('its stack runs empty');
    return value;
  };
  const top = (): PickleValue => {
    const value = stack.at(-1);
    if (value === undefined || value === mark) return fail('its stack runs empty');
    return value;
  };
  const popToMark = (): PickleValue[] => {
    const at = stack.lastIndexOf(mark);
    if (at < 0) fail('a mark is missing');
    return stack.splice(at).slice(1) as PickleValue[];
  };
  const push = (value: PickleValue): void => {
    if (stack.length >= maximumDepth) fail('its stack grows without end');
    stack.push(value);
  };
  const global = (path: string): PickleGlobal => {
    if (!host.allows(path)) {
      throw new WeightsError(`the file wants to construct ${path}, which is not allowed.`, {
        remedy: 'Save a plain state dict of tensors.',
      });
    }
    return new PickleGlobal(path);
  };
  const list = (value: PickleValue): PickleValue[] => (Array.isArray(value) ? value : fail('a list is missing'));
  const text = (value: PickleValue): string => (typeof value === 'string' ? value : fail('a name is missing'));
  const setItems = (target: PickleValue, items: PickleValue[]): void => {
    if (!(target instanceof Map) || items.length % 2 !== 0) fail('a map is missing');
    for (let i = 0; i < items.length; i += 2) (target as Map<PickleValue, PickleValue>).set(items[i]!, items[i + 1]!);
  };
  const recall = (index: number): PickleValue => {
    const value = memo.get(index);
    return value === undefined ? fail(`memo ${index} is empty`) : value;
  };
  const call = (callee: PickleValue, args: PickleValue): PickleValue =>
    callee instanceof PickleGlobal ? host.call(callee.path, list(args)) : fail('it calls what cannot be called');

  for (;;) {
    const opcode = String.fromCharCode(reader.byte());
    switch (opcode) {
      case '.':
        return { value: pop(), end: reader.offset };
      case '(':
        if (stack.length >= maximumDepth) fail('its stack grows without end');
        stack.push(mark);
        break;
      case '0':
        if (stack.pop() === undefined) fail('its stack runs empty');
        break;
      case '1':
        popToMark();
        break;
      case '2':
        push(top());
        break;
      case '\x80':
        if (reader.byte() > 5) fail('its protocol is newer than 5');
        break;
      case '\x95':
        reader.length(8); // FRAME: only a hint for streams
        break;
      case 'N':
        push(null);
        break;
      case '\x88':
      case '\x89':
        push(opcode === '\x88');
        break;
      case '}':
        push(new Map());
        break;
      case ']':
      case ')':
        push([]);
        break;
      case 't':
      case 'l':
        push(popToMark());
        break;
      case 'd': {
        const map = new Map<PickleValue, PickleValue>();
        setItems(map, popToMark());
        push(map);
        break;
      }
      case '\x85':
      case '\x86':
      case '\x87': {
        const items: PickleValue[] = [];
        for (let n = opcode.charCodeAt(0) - 0x84; n > 0; n--) items.unshift(pop());
        push(items);
        break;
      }
      case 'a': {
        const item = pop();
        list(top()).push(item);
        break;
      }
      case 'e': {
        const items = popToMark();
        const target = list(top());
        for (const item of items) target.push(item);
        break;
      }
      case 's': {
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        break;
      }
      case 'u': {
        const items = popToMark();
        setItems(top(), items);
        break;
      }
      case 'c':
        push(global(`${reader.line()}.${reader.line()}`));
        break;
      case '\x93': {
        const name = text(pop());
        push(global(`${text(pop())}.${name}`));
        break;
      }
      case 'R':
      case '\x81': {
        const args = pop();
        push(call(pop(), args));
        break;
      }
      case 'b':
        pop(); // BUILD: attributes such as a state dict's _metadata, of no use here
        break;
      case 'P':
        push(host.persistent(reader.line()));
        break;
      case 'Q':
        push(host.persistent(pop()));
        break;
      case 'p':
        memo.set(reader.decimal(), top());
        break;
      case 'q':
        memo.set(reader.byte(), top());
        break;
      case 'r':
        memo.set(reader.length(4), top());
        break;
      case '\x94':
        memo.set(memo.size, top());
        break;
      case 'g':
        push(recall(reader.decimal()));
        break;
      case 'h':
        push(recall(reader.byte()));
        break;
      case 'j':
        push(recall(reader.length(4)));
        break;
      default: {
        const value = reader.literal(opcode);
        if (value === undefined) fail(`opcode ${JSON.stringify(opcode)} is not allowed`);
        push(value as PickleValue);
      }
    }
  }
}
