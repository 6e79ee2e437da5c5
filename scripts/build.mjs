// Builds every package in the order of its dependencies: `npm run build:all`, or with turbo's --filter for a part.
import { must, pnpm } from './run.mjs';

must('npx', ['--yes', pnpm, 'exec', 'turbo', 'run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)]);
