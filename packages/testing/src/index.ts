export * from './argmax.js';
export * from './bundle.js';
export * from './compare.js';
export * from './npy.js';
export * from './oracle.js';
export * from './shared.js';
export * from './snippet.js';
