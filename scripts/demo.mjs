// From a bare clone to a report in minutes: install, build, train on a phantom, evaluate, write out/demo/report.html.
import { must, pnpm, setUp } from './run.mjs';

setUp();
must('npx', ['--yes', pnpm, 'exec', 'turbo', 'run', 'build', '--filter=@fsmr/cli...', '--output-logs=errors-only']);
must('node', ['packages/cli/dist/main.js', 'demo', '--out', 'out/demo', ...process.argv.slice(2)]);
