export { readSegmentTask, type SegmentFiles, type SegmentTask } from './commands/segment-inputs.js';
export { checkConfig, loadConfig } from './config/load.js';
export { configSchema, type RunConfig, type RunConfigInput } from './config/schema.js';
export { createProgram } from './program.js';
