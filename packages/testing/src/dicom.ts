/** One element of a DICOM file with explicit value representation. */
export function dicomElement(group: number, number: number, vr: string, value: Buffer | string): Buffer {
  const text = typeof value === 'string';
  let body = text ? Buffer.from(value) : value;
  if (body.length % 2 === 1) body = Buffer.concat([body, Buffer.from(text && vr !== 'UI' ? ' ' : '\0')]);
  const long = vr === 'OW';
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4);
  if (long) head.writeUInt32LE(body.length, 8);
  else head.writeUInt16LE(body.length, 6);
  return Buffer.concat([head, body]);
}

/** An unsigned short as the value of an element. */
export const dicomShort = (value: number): Buffer => Buffer.from(Uint16Array.of(value).buffer);

/** A DICOM file: preamble, the group that names the transfer syntax, and the elements given. */
export function dicomFile(elements: readonly Buffer[], syntax = '1.2.840.10008.1.2.1'): Buffer {
  const named = dicomElement(2, 0x10, 'UI', syntax);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(named.length);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), dicomElement(2, 0, 'UL', length), named, ...elements]);
}
