import { ConfigError, createRandom, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { deeplab, resnet18, resnet34, resnet50, resnet101 } from './deeplab.js';
import type { Encoder } from './encoder.js';
import { qnetEncoder } from './qnet.js';
import { tinyEncoder } from './tiny.js';

/** Trainable values, and all with buffers. */
function counts({ specs, isBuffer }: Encoder): { trainable: number; names: number } {
  const sizes = Object.entries(specs).map(([name, { shape }]) =>
    isBuffer(name) ? 0 : shape.reduce((product, extent) => product * extent, 1),
  );
  return { trainable: sizes.reduce((sum, size) => sum + size, 0), names: sizes.length };
}

describe('parameters', () => {
  it('are as many as published', () => {
    expect(counts(deeplab({ depth: 101, aspp: true })).trainable).toBe(59_214_912);
    expect(counts(resnet101()).trainable).toBe(42_500_160 + 524_288);
    // torchvision's ResNets without their classifiers, and the head.
    expect(counts(resnet18()).trainable).toBe(11_689_512 - 513_000 + 512 * 256);
    expect(counts(resnet34()).trainable).toBe(21_797_672 - 513_000 + 512 * 256);
    expect(counts(resnet50()).trainable).toBe(25_557_032 - 2_049_000 + 2048 * 256);
    expect(counts(qnetEncoder({ variant: 'qnet' })).trainable).toBe(44_549_160 + 512 * (1024 + 2048) + 1001);
  });

  it('start as in PyTorch: kernels normal by fan out, the head uniform by fan in', () => {
    const { specs } = resnet50();
    expect(specs['backbone.layer2.0.conv2.weight']).toEqual({ shape: [3, 3, 128, 128], filling: { kind: 'he' } });
    expect(specs['localconv.weight']).toEqual({ shape: [1, 1, 2048, 256], filling: { kind: 'uniform', fan: 2048 } });
    const parameters = tinyEncoder({ width: 32 }).init(createRandom(1));
    const { mean, variance } = tf.moments(parameters['backbone.2.conv.weight']!);
    expect(mean.dataSync()[0]).toBeCloseTo(0, 3);
    expect(Math.sqrt(variance.dataSync()[0]!)).toBeCloseTo(Math.sqrt(2 / (9 * 128)), 3);
    const bound = 1 / Math.sqrt(9 * 128);
    const head = parameters['localconv.weight']!.dataSync();
    expect(head.every((value) => Math.abs(value) <= bound)).toBe(true);
    expect(head.some((value) => Math.abs(value) > 0.99 * bound)).toBe(true);
  });

  it('depend on the seed alone', () => {
    const values = (seed: number) => tinyEncoder().init(createRandom(seed))['localconv.weight']!.dataSync();
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });
});

describe('encoders', () => {
  it.each([
    [resnet18({ layers: 3, channels: 7 }), [7], [8]],
    [tinyEncoder({ stride: 4 }), [64], [4]],
    [tinyEncoder(), [64], [8]],
    [qnetEncoder({ variant: 'rpt', depth: 18, channels: 9 }), [9], [4]],
    [qnetEncoder({ variant: 'qnet', depth: 18, channels: 9 }), [9, 9], [4, 8]],
  ] as const)('$name has the maps it declares', (encoder, channels, strides) => {
    expect([encoder.channels, encoder.strides]).toEqual([channels, strides]);
    const { features } = encoder.apply(encoder.init(createRandom(1)), tf.ones([1, 32, 32, 3]), { training: false });
    expect(features.maps.map((map) => map.shape)).toEqual(
      channels.map((count, index) => [1, 32 / strides[index]!, 32 / strides[index]!, count]),
    );
    expect(features.threshold?.shape).toEqual(encoder.hasThreshold ? [1, 1] : undefined);
  });

  it('refuse grey images and unknown sizes', () => {
    const encoder = tinyEncoder();
    expect(() => encoder.apply({}, tf.ones([1, 8, 8, 1]), { training: false })).toThrow(ShapeError);
    expect(() => deeplab({ depth: 152 as 101 })).toThrow(ConfigError);
    expect(() => resnet18({ layers: 5 as 4 })).toThrow(ConfigError);
    expect(() => tinyEncoder({ stride: 2 as 4 })).toThrow(ConfigError);
  });
});
