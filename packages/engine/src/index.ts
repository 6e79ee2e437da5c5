export { type Diagnosis, describeDiagnosis, doctor } from './doctor.js';
export { startEngine, startFirst, tryToStart } from './start.js';
export type { BackendName, Candidate, Engine, EngineOptions, Failure } from './types.js';
