import { prepareCurvas } from '../prepare/curvas.js';

// Run as a process of its own by the test that kills it: raw folder, output folder, whether to make superpixels.
const [raw, out, superpixels] = process.argv.slice(2);
process.stdout.write('started\n');
await prepareCurvas(raw!, out!, { superpixels: superpixels === 'superpixels' });
process.stdout.write('finished\n');
