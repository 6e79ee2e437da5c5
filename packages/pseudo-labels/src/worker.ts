import { parentPort } from 'node:worker_threads';
import { packError } from '@fsmr/core/errors';
import { makePseudoLabelFile, type PseudoLabelJob } from './pseudo-label-files.js';

// One job at a time: a message in, one message out.
parentPort?.on('message', async (job: PseudoLabelJob) => {
  try {
    await makePseudoLabelFile(job);
    parentPort?.postMessage({ ok: true });
  } catch (error) {
    parentPort?.postMessage({ ok: false, error: packError(error) });
  }
});
