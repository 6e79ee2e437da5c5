// From a bare clone to a report in minutes: install, build, train on a phantom, evaluate, write out/demo/report.html.
import { must, setUp } from './run.mjs';

setUp();
must('node', ['scripts/build.mjs', '--filter=@fsmr/cli...']);
must('node', ['packages/cli/dist/main.js', 'demo', '--out', 'out/demo', ...process.argv.slice(2)]);
