import { prepareCurvas } from '../prepare/curvas.js';

// Run as a process of its own by the test that kills it: raw folder, output folder, threads that cut superpixels; none
// are made where no number is given.
const [raw, out, workers] = process.argv.slice(2);
process.stdout.write('started\n');
await prepareCurvas(raw!, out!, workers === undefined ? { superpixels: false } : { workers: Number(workers) });
process.stdout.write('finished\n');
