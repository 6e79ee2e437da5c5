/** The measured program on our side: raw folder, output folder, superpixels or plain, threads. */
import { prepareCurvas } from '@fsmr/datasets';

const [raw, out, mode, workers] = process.argv.slice(2) as [string, string, string, string];
await prepareCurvas(raw, out, { superpixels: mode === 'superpixels', workers: Number(workers) });
const { user, system } = process.cpuUsage();
const peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ peakMiB, cpuSeconds: (user + system) / 1e6 }));
