import { ConfigError } from '@fsmr/core/errors';
import { createRandom } from '@fsmr/core/random';
import { ellipseKernel, erode, type Mask2D, maskArea } from '@fsmr/imaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawStyleGallery } from './gallery.js';
import { sampleRaterStyles, sampleStyle } from './sample-style.js';
import { applyStyle, applyStyleBytes, applyStyles, describeStyle, type Style } from './style.js';

function square(side: number, margin: number): Mask2D {
  const width = side + 2 * margin;
  const inside = (n: number): boolean => n >= margin && n < margin + side;
  const data = Uint8Array.from({ length: width * width }, (_, i) =>
    inside(i % width) && inside(Math.floor(i / width)) ? 1 : 0,
  );
  return { width, height: width, data };
}

/** How often each key was drawn, as a share. */
function shares(draws: number, key: (style: Style) => string, preset: 'mild' | 'rich'): Record<string, number> {
  const random = createRandom(`${preset} shares`);
  const counts: Record<string, number> = {};
  for (let i = 0; i < draws; i++) {
    const name = key(sampleStyle(random, preset));
    counts[name] = (counts[name] ?? 0) + 1 / draws;
  }
  return counts;
}

describe('styles', () => {
  it('leave an empty mask and whatever they would erase', () => {
    const empty: Mask2D = { width: 4, height: 4, data: new Uint8Array(16) };
    expect(applyStyle(empty, { operation: 'dilation', radius: 2 })).toEqual(empty);
    const dot = square(1, 4);
    expect(applyStyle(dot, { operation: 'erosion', radius: 3 })).toEqual(dot);
    expect(applyStyle(dot, { operation: 'componentPrune', minimumArea: 5 })).toEqual(dot);
  });
  it('shift nothing on a square with sides longer than the kernel', () => {
    const mask = square(20, 10);
    for (const direction of ['left', 'right', 'up', 'down'] as const) {
      for (const [radius, iterations] of [
        [1, 1],
        [3, 1],
        [3, 2],
      ] as const) {
        expect(applyStyle(mask, { operation: 'boundaryShift', direction, radius, iterations })).toEqual(mask);
      }
    }
  });
  it('blur shrinks as published, and smooths where asked to', () => {
    const mask = square(3, 6);
    const blur: Style = { operation: 'blur', sigma: 1 };
    expect(maskArea(applyStyle(mask, blur))).toBe(0);
    expect(maskArea(applyStyle(mask, blur, { thresholdBlur: true }))).toBe(5);
    const large = square(20, 10);
    const shrunk = applyStyle(large, blur);
    expect(maskArea(shrunk)).toBeLessThan(maskArea(large));
    expect(maskArea(applyStyle(large, blur, { thresholdBlur: true }))).toBe(maskArea(large) - 4);
  });
  // Row 4 and the sum of all bytes, from OpenCV 5.0 on its own blur of the same mask.
  it.each<[string, Style, number[], number]>([
    ['erosion', { operation: 'erosion', radius: 1 }, [3, 4, 54, 199, 202, 201, 85, 26, 4], 2728],
    ['dilation', { operation: 'dilation', radius: 1 }, [54, 199, 251, 253, 253, 253, 251, 210, 85], 9385],
    ['opening', { operation: 'opening', radius: 1 }, [4, 54, 199, 202, 202, 202, 201, 85, 26], 5116],
    ['closing', { operation: 'closing', radius: 1 }, [43, 54, 199, 251, 253, 251, 210, 85, 45], 6254],
    [
      'boundary shift',
      { operation: 'boundaryShift', direction: 'left', radius: 1, iterations: 1 },
      [3, 43, 159, 201, 201, 201, 168, 74, 25],
      5080,
    ],
  ])('take grey as it is: %s of a blurred mask', (_name, style, row, sum) => {
    const data = Uint8Array.from({ length: 63 }, (_, i) => {
      const [y, x] = [Math.floor(i / 9), i % 9];
      return (y >= 2 && y < 6 && x >= 2 && x < 7) || (y === 3 && x === 7) ? 1 : 0;
    });
    const steps: Style[] = [{ operation: 'blur', sigma: 0.7 }, style];
    const bytes = applyStyleBytes({ width: 9, height: 7, data }, { operation: 'sequence', steps });
    expect([...bytes.data.subarray(36, 45)]).toEqual(row);
    expect(bytes.data.reduce((total, byte) => total + byte, 0)).toBe(sum);
  });
  it('apply the steps of a sequence in order', () => {
    const mask = square(9, 5);
    const steps: Style[] = [
      { operation: 'erosion', radius: 1 },
      { operation: 'erosion', radius: 2 },
    ];
    const expected = erode(erode(mask, ellipseKernel(1)), ellipseKernel(2));
    expect(applyStyle(mask, { operation: 'sequence', steps })).toEqual(expected);
    expect(describeStyle({ operation: 'sequence', steps })).toBe('erosion 1, erosion 2');
    expect(() => applyStyle(mask, { operation: 'sketch' } as unknown as Style)).toThrow(/no style operation "sketch"/);
  });
  it('that make no sense are refused before any mask is looked at', () => {
    const empty: Mask2D = { width: 2, height: 2, data: new Uint8Array(4) };
    for (const style of [
      { operation: 'erosion' },
      { operation: 'erosion', radius: 1.5 },
      { operation: 'componentPrune', minimumArea: Number.NaN },
      { operation: 'boundaryShift', direction: 'north', radius: 1, iterations: 1 },
      { operation: 'boundaryShift', direction: 'left', radius: 1, iterations: Number.NaN },
      { operation: 'blur', sigma: 0 },
      { operation: 'sequence' },
      { operation: 'sequence', steps: [{ operation: 'sketch' }] },
      undefined,
    ]) {
      expect(() => applyStyle(empty, style as Style), JSON.stringify(style)).toThrow(ConfigError);
    }
    const wrong = { width: 8, height: 8, data: new Uint8Array(10) };
    expect(() => applyStyle(wrong, { operation: 'identity' })).toThrow('has 64 pixels, but 10 were given');
  });
  it('survive JSON, change nothing they are given, and answer twice alike', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom('mild', 'rich'), (seed, preset) => {
        const random = createRandom(seed);
        const style = sampleStyle(random, preset);
        const data = Uint8Array.from({ length: 400 }, () => (random.chance(0.7) ? 1 : 0));
        const mask: Mask2D = { width: 20, height: 20, data: data.slice() };
        const result = applyStyle(mask, style);
        expect(mask.data).toEqual(data);
        expect(applyStyle(mask, JSON.parse(JSON.stringify(style)) as Style)).toEqual(result);
        expect(result.data.every((value) => value === 0 || value === 1)).toBe(true);
        expect(applyStyleBytes(mask, style).data.some((byte) => byte > 0)).toBe(true);
      }),
    );
  });
});

describe('drawing styles', () => {
  it('follows the published shares, rich', () => {
    const found = shares(40_000, (style) => style.operation, 'rich');
    expect(found.sequence).toBeCloseTo(0.4, 1);
    for (const name of [
      'erosion',
      'dilation',
      'opening',
      'closing',
      'fillHoles',
      'componentPrune',
      'boundaryShift',
      'blur',
    ]) {
      expect(Math.abs(found[name]! - 0.075), name).toBeLessThan(0.006);
    }
    const steps = shares(
      40_000,
      (style) => (style.operation === 'sequence' ? style.steps[1]!.operation : 'single'),
      'rich',
    );
    expect(Object.keys(steps)).not.toContain('blur');
    expect(Math.abs(steps.boundaryShift! - 0.4 / 7)).toBeLessThan(0.006);
  });
  it('follows the published shares, mild', () => {
    const found = shares(
      40_000,
      (style) => ('radius' in style ? `${style.operation} ${style.radius}` : style.operation),
      'mild',
    );
    expect(Math.abs(found.blur! - 0.15)).toBeLessThan(0.006);
    expect(Math.abs(found.fillHoles! - 0.17)).toBeLessThan(0.006);
    expect(Math.abs(found['erosion 1']! - (0.17 * 2) / 3)).toBeLessThan(0.006);
    expect(Math.abs(found['closing 2']! - 0.17 / 3)).toBeLessThan(0.006);
  });
  it('gives the first rater the mask itself, unless told otherwise, and the same list for the same seed', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const styles = sampleRaterStyles(createRandom(seed), 3, 'rich');
      expect(styles).toHaveLength(3);
      expect(styles[0]).toEqual({ operation: 'identity' });
      expect(styles.slice(1).some((style) => style.operation === 'identity')).toBe(false);
    }
    expect(sampleRaterStyles(createRandom(4), 2, 'mild')).toEqual(sampleRaterStyles(createRandom(4), 2, 'mild'));
    const styled = sampleRaterStyles(createRandom(1), 2, 'mild', { first: 'styled' });
    expect(styled[0]!.operation).not.toBe('identity');
    const mask = square(9, 4);
    expect(applyStyles(mask, sampleRaterStyles(createRandom(1), 3, 'rich'))[0]).toEqual(mask);
    expect(() => sampleRaterStyles(createRandom(1), 0, 'mild')).toThrow(/positive integer/);
    expect(() => sampleStyle(createRandom(1), 'wild' as 'mild')).toThrow(/no style preset "wild"/);
  });
});

it('a gallery shows what stays, comes and goes', () => {
  const styles: Style[] = [
    { operation: 'dilation', radius: 1 },
    { operation: 'erosion', radius: 1 },
    { operation: 'identity' },
  ];
  const { picture, captions } = drawStyleGallery(square(3, 2), styles, { scale: 1 });
  expect(captions).toEqual(['dilation 1 (+133 %)', 'erosion 1 (−89 %)', 'unchanged (+0 %)']);
  expect([picture.width, picture.height]).toEqual([2 * 11 + 4, 2 * 11 + 4]);
  const pixel = (x: number, y: number): number[] => [...picture.data.subarray(3 * (y * 26 + x), 3 * (y * 26 + x) + 3)];
  expect(pixel(4 + 3, 4 + 1)).toEqual([70, 190, 110]);
  expect(pixel(15 + 2, 4 + 2)).toEqual([225, 80, 70]);
  expect(() => drawStyleGallery(square(3, 2), [])).toThrow(/at least one style/);
});
