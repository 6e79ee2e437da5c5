export * from './aggregate.js';
export * from './counts.js';
export * from './moments.js';
export * from './t-test.js';
