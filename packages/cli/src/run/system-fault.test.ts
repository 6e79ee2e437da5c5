import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemFault } from './system-fault.js';

it('says of files and folders in the way what they are, and nothing of faults of the program', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fsmr-fault-'));
  try {
    const file = join(folder, 'a');
    await writeFile(file, '');
    const fault = async (work: Promise<unknown>) => systemFault(await work.catch((error: unknown) => error));
    expect(await fault(mkdir(join(file, 'b')))).toMatchObject({
      code: 'input',
      file: join(file, 'b'),
      message: expect.stringContaining('mkdir failed (ENOTDIR). A file stands where a folder is needed'),
    });
    expect(await fault(mkdir(file))).toMatchObject({ remedy: expect.stringContaining('choose another place') });
    expect(await fault(writeFile(folder, ''))).toMatchObject({ message: expect.stringContaining('EISDIR') });
    expect(await fault(readFile(join(folder, 'no')))).toMatchObject({ remedy: 'Check the path.' });
    expect(systemFault(new TypeError('x is undefined'))).toBeUndefined();
    expect(systemFault('text')).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
