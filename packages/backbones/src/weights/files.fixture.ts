import { crc32 } from 'node:zlib';

/** One file of an archive under test; `packed` is its deflated form. */
export interface ZipFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly packed?: Uint8Array;
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A ZIP archive with right checksums whatever the files hold, so that tests reach the formats inside. */
export function encodeZip(files: readonly ZipFile[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data, packed } of files) {
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(packed === undefined ? 0 : 8, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE((packed ?? data).length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(title.length, 22);
    const local = concat([Buffer.from('PK\x03\x04'), common, title, packed ?? data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(concat([Buffer.from('PK\x01\x02\x14\x00'), common, tail, title]));
    locals.push(local);
    offset += local.length;
  }
  const entries = concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return concat([...locals, entries, end]);
}

/** An array in NumPy's format. */
export function npy(descr: string, fortran: boolean, shape: readonly number[], data: ArrayBufferView): Uint8Array {
  const list = shape.map((extent) => `${extent},`).join(' ');
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${list}), }`;
  const padded = `${header.padEnd(117)}\n`;
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  return concat([prefix, Buffer.from(padded), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}
