import { loadNpzOracle, relativeError, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { affineMatrix, warp, warpPositions } from './affine.js';
import { applyGamma, augmentWith } from './apply.js';
import { displacementOf } from './elastic.js';
import { type AugmentationName, augmentationPresets } from './parameters.js';

describe.skipIf(!sharedFolder)('augmentation equals the published pipeline', () => {
  const oracle = sharedFolder ? loadNpzOracle('augment') : undefined;
  const cases = oracle?.names.filter((name) => name.endsWith('.draws')).map((name) => name.slice(0, -6)) ?? [];
  const numbers = (name: string): number[] => Array.from(oracle!.array(name).data);

  it('finds cases', () => expect(cases.length).toBeGreaterThan(0));

  it.each(cases)('%s', (name) => {
    const preset = augmentationPresets[name.split('.')[0] as AugmentationName];
    const [rotation, tx, ty, shear, zoom, u] = numbers(`${name}.draws`) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [height, width] = oracle!.array('img').shape as [number, number];
    const raters = oracle!.array('labels').shape[2]!;
    const labels = numbers('labels');
    const image = Float32Array.from(numbers('img'));
    const mask = (rater: number): Uint8Array =>
      Uint8Array.from({ length: width * height }, (_u, i) => labels[i * raters + rater]!);
    const [low, high] = preset.gamma;
    const parameters = {
      rotation,
      shift: [tx, ty] as const,
      shear,
      zoom,
      elastic: { ...preset.elastic, seed: 0 },
      gamma: low + u * (high - low),
    };
    const matrix = affineMatrix(parameters, width, height);
    expect(matrix).toEqual(numbers(`${name}.M`).slice(0, 6));
    const positions = warpPositions(matrix, width, height);
    expect(relativeError(warp(image, positions, width, height), numbers(`${name}.affine_img`))).toBeLessThan(1e-5);

    const noise = [numbers(`${name}.rand0`), numbers(`${name}.rand1`)].map((field) => Float64Array.from(field));
    const displacement = displacementOf(noise as [Float64Array, Float64Array], width, height, preset.elastic);
    expect(relativeError(displacement.dx, numbers(`${name}.dx`))).toBeLessThan(1e-9);
    expect(relativeError(displacement.dy, numbers(`${name}.dy`))).toBeLessThan(1e-9);

    const sample = { width, height, image, masks: Array.from({ length: raters }, (_u, rater) => mask(rater)) };
    const result = augmentWith(sample, parameters, displacement);
    expect(relativeError(result.image, numbers(`${name}.img_out`))).toBeLessThan(1e-5);
    const wanted = numbers(`${name}.lab_out`);
    result.masks.forEach((own, rater) => {
      expect(own).toEqual(Uint8Array.from({ length: width * height }, (_u, i) => wanted[i * raters + rater]!));
    });
  });

  it('gamma', () => {
    const image = Float32Array.from(numbers('img'));
    expect(relativeError(applyGamma(image, oracle!.scalar('gamma.value')), numbers('gamma.out'))).toBeLessThan(1e-5);
  });
});
