import { ellipseKernel, type Mask2D, type Side } from '@fsmr/imaging';
import { loadNpzOracle, loadOracle, oracleCases, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { applyStyle, applyStyleBytes, type Style } from './style.js';

const title = sharedFolder === undefined ? 'style oracles (skipped: shared folder absent)' : 'style oracles';

type PublishedStyle = [string, unknown];

function styleOf([name, value]: PublishedStyle): Style {
  switch (name) {
    case 'fill_holes':
      return { operation: 'fillHoles' };
    case 'component_prune':
      return { operation: 'componentPrune', minimumArea: value as number };
    case 'gaussian_blur':
      return { operation: 'blur', sigma: value as number };
    case 'boundary_shift': {
      const { k, direction, iterations } = value as { k: number; direction: Side; iterations: number };
      return { operation: 'boundaryShift', direction, radius: k, iterations };
    }
    case 'sequence':
      return { operation: 'sequence', steps: (value as PublishedStyle[]).map(styleOf) };
    default:
      return { operation: name as 'erosion' | 'dilation' | 'opening' | 'closing', radius: value as number };
  }
}

function maskOf(array: { shape: readonly number[]; data: ArrayLike<number> }): Mask2D {
  const data = Uint8Array.from(array.data, (value) => (value === 0 ? 0 : 1));
  return { height: array.shape[0]!, width: array.shape[1]!, data };
}

function unpack(bytes: ArrayLike<number>, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (((bytes[i >> 3]! >> (7 - (i & 7))) & 1) === 1 ? 255 : 0));
}

describe.skipIf(sharedFolder === undefined)(title, () => {
  it('finds its cases in the shared folder', () => {
    expect(oracleCases('morphology').length).toBeGreaterThan(0);
  });
  for (const name of oracleCases('morphology')) {
    const oracle = loadOracle(name);
    const styles = oracle.constants.styles as { mask: number; idx: number; style: PublishedStyle; packed: boolean }[];
    it.each(styles)(`${name}: mask $mask, style $style`, ({ mask, idx, style, packed }) => {
      const input = maskOf(oracle.array(`m${mask}`));
      const wanted = oracle.array(`m${mask}_s${idx}`).data;
      const expected = packed ? unpack(wanted, input.data.length) : Uint8Array.from(wanted);
      expect(Buffer.compare(applyStyleBytes(input, styleOf(style)).data, expected)).toBe(0);
    });
    it.each(oracle.names.filter((array) => array.startsWith('ellipse_')))(`${name}: kernel %s`, (array) => {
      const { shape, data } = oracle.array(array);
      const radius = (shape[0]! - 1) / 2;
      const kernel = ellipseKernel(radius);
      const filled = new Int32Array(data.length);
      kernel.dx.forEach((dx, k) => {
        filled[(kernel.dy[k]! + radius) * shape[0]! + dx + radius] = 1;
      });
      expect(filled).toEqual(data);
    });
  }

  // The body of a skipped suite runs too.
  if (sharedFolder === undefined) return;
  const oracle = loadNpzOracle('rater_styles');
  const styles = oracle.constants.styles as PublishedStyle[];
  const names = [...new Set(oracle.names.map((array) => array.split('.')[0]!))];
  it.each(names)('rater_styles: every style of %s, byte for byte', (name) => {
    const mask = maskOf(oracle.array(`${name}.mask`));
    const outputs = oracle.array(`${name}.out`).data as Uint8Array;
    const area = mask.data.length;
    styles.forEach((published, index) => {
      const style = styleOf(published);
      const wanted = outputs.slice(index * area, (index + 1) * area);
      expect(Buffer.compare(applyStyleBytes(mask, style).data, wanted), JSON.stringify(published)).toBe(0);
      expect(
        Buffer.compare(
          applyStyle(mask, style).data,
          wanted.map((byte) => (byte === 255 ? 1 : 0)),
        ),
      ).toBe(0);
    });
  });
});
