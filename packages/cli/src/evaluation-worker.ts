import { serveEvaluation } from './run/evaluation-service.js';

// The script of a child process of `fsmr evaluate --workers`.
serveEvaluation(process);
