import { EngineError } from '@fsmr/core';
import { importOptional } from './optional.js';
import type { EngineOptions } from './types.js';

interface Adapter {
  readonly info?: { readonly device?: string; readonly description?: string; readonly vendor?: string };
  readonly isFallbackAdapter?: boolean;
}

interface Gpu {
  requestAdapter(options?: object): Promise<Adapter | null>;
}

/** Names of graphics processors that are programs. */
const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/**
 * Makes WebGPU known to TensorFlow.js in Node, through Dawn from the package `webgpu`.
 *
 * @throws EngineError where there is no adapter, or only one in software and that was not asked for.
 */
export async function registerWebGpu({ softwareGpu = false }: EngineOptions): Promise<void> {
  const dawn = (await importOptional('webgpu')) as { create(options: string[]): Gpu; globals: object };
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new EngineError('Dawn finds no graphics adapter.');
  const { vendor = '', device = '', description = '' } = adapter.info ?? {};
  const name = [vendor, device, description].join(' ').trim();
  if (!softwareGpu && (adapter.isFallbackAdapter === true || software.test(name))) {
    throw new EngineError(`the only graphics adapter is a program (${name}).`);
  }
  // TensorFlow.js looks for the browser's navigator.gpu.
  const navigator = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  await importOptional('@tensorflow/tfjs-backend-webgpu');
}
