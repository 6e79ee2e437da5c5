// Set-up and all tests: `npm test`, or `npm test -- packages/japc` for a part.
import { run, setUp } from './run.mjs';

setUp();
process.exit(run('npx', ['vitest', 'run', ...process.argv.slice(2)]));
