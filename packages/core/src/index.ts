export * from './contract/index.js';
export * from './errors.js';
export * from './ops/index.js';
export { definedOptions } from './options.js';
export * from './pipeline/index.js';
export * from './random.js';
