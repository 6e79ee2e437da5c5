import { WeightsError } from '@fsmr/core';

const maximumText = 1 << 20;

/** A cursor over the bytes of a pickle; every read is checked against the end. */
export class PickleReader {
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = start;
  }

  #take(count: number): number {
    const at = this.offset;
    if (count < 0 || at + count > this.#bytes.length) throw new WeightsError('the pickle ends early.');
    this.offset = at + count;
    return at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  /** An unsigned length of 1, 2, 4 or 8 bytes. */
  length(size: 1 | 2 | 4 | 8): number {
    const at = this.#take(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at, true);
    if (size === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  /** A run of bytes; a view. */
  run(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** UTF-8 text of a length in bytes. */
  text(count: number): string {
    if (count > maximumText) throw new WeightsError('the pickle holds an unbelievably long text.');
    return new TextDecoder().decode(this.run(count));
  }

  /** The text up to the next line end, as protocol 0 writes arguments. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.offset);
    if (end < 0) throw new WeightsError('the pickle ends early.');
    const line = this.text(end - this.offset);
    this.offset = end + 1;
    return line;
  }

  /** A decimal number on its own line. */
  decimal(): number {
    const line = this.line();
    if (!/^-?\d{1,15}$/.test(line)) throw new WeightsError('the pickle holds a broken number.');
    return Number(line);
  }

  /** The value of an opcode that only carries a literal; undefined for any other. */
  literal(opcode: string): number | bigint | boolean | string | Uint8Array | undefined {
    switch (opcode) {
      case 'I': {
        const line = this.line();
        if (line === '00' || line === '01') return line === '01';
        this.offset -= line.length + 1;
        return this.decimal();
      }
      case 'J':
        return this.#view.getInt32(this.#take(4), true);
      case 'K':
        return this.byte();
      case 'M':
        return this.length(2);
      case 'L': {
        const line = this.line().replace(/L$/, '');
        if (!/^-?\d{1,30}$/.test(line)) throw new WeightsError('the pickle holds a broken number.');
        return narrow(BigInt(line));
      }
      case '\x8a':
        return this.#long(this.byte());
      case '\x8b':
        return this.#long(this.length(4));
      case 'F': {
        const line = this.line();
        const value = Number(line);
        if (Number.isNaN(value) && line !== 'nan') throw new WeightsError('the pickle holds a broken number.');
        return value;
      }
      case 'G':
        return this.#view.getFloat64(this.#take(8), false);
      case 'U':
        return this.text(this.byte());
      case 'T':
        return this.text(this.length(4));
      case 'S':
        return this.line().replace(/^(['"])(.*)\1$/, '$2');
      case 'V':
        return this.line();
      case '\x8c':
        return this.text(this.byte());
      case 'X':
        return this.text(this.length(4));
      case '\x8d':
        return this.text(this.length(8));
      case 'C':
        return this.run(this.byte());
      case 'B':
        return this.run(this.length(4));
      case '\x8e':
        return this.run(this.length(8));
      default:
        return undefined;
    }
  }

  #long(size: number): number | bigint {
    if (size > 32) throw new WeightsError('the pickle holds an unbelievably long number.');
    let value = 0n;
    this.run(size).forEach((byte, index) => {
      value |= BigInt(byte) << BigInt(8 * index);
    });
    return narrow(size === 0 ? 0n : BigInt.asIntN(8 * size, value));
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
