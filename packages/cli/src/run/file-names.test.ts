import { describe, expect, it } from 'vitest';
import { fileNames, folderName, joinedName, placeName } from './file-names.js';

describe('joinedName', () => {
  it('joins labels, and cuts what no file system takes without making two alike', () => {
    expect(joinedName(['BU-BIL', 'alpnet', 'as given'])).toBe('BU-BIL_alpnet_as-given');
    const long = (end: string) => joinedName(['BU-BIL', 'alpnet', `groups ${'x'.repeat(400)}${end}`]);
    expect(long('a')).toHaveLength(120);
    expect(long('a')).toMatch(/^BU-BIL_alpnet_groups-x+-[0-9a-f]{12}$/);
    expect(long('a')).not.toBe(long('b'));
    const bytes = Buffer.byteLength(joinedName(['肝'.repeat(100)]));
    expect(bytes).toBeGreaterThan(110);
    expect(bytes).toBeLessThanOrEqual(120);
  });
});

it('keeps letters of every script', () => {
  expect(['肝 患者甲', 'Größe_1', 'a/b'].map(folderName)).toEqual(['肝-患者甲', 'Größe-1', 'a-b']);
});

it('makes no two names alike', () => {
  expect(fileNames(['肝_甲_by_乙', '肝_丙_by_丁', 'a b', 'a/b', 'a-b'])).toEqual([
    '肝_甲_by_乙',
    '肝_丙_by_丁',
    'a-b',
    'a-b-2',
    'a-b-3',
  ]);
  expect(fileNames(['x', 'x', 'x-2'])).toEqual(['x', 'x-2', 'x-2-2']);
});

it('gives each name a place of its own', () => {
  expect(['肝 1_a.b', 'a/b', 'a%2Fb', '..', '\n'].map(placeName)).toEqual([
    '肝 1_a.b',
    'a%2Fb',
    'a%252Fb',
    '%2E%2E',
    '%0A',
  ]);
  expect(Buffer.byteLength(placeName('x/'.repeat(300)))).toBe(120);
});
