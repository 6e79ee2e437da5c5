// Builds and checks every package, then publishes those whose version the registry lacks: `npm run release`, after
// `npx changeset version`. Changesets publishes with pnpm (which writes the versions of `workspace:` and `catalog:` into
// the packages), so it is started by the pinned one; nothing global is needed.
import { must, pnpm } from './run.mjs';

must('node', ['scripts/build.mjs']);
must('node', ['scripts/check-packages.mjs']);
must('npx', ['--yes', pnpm, 'exec', 'changeset', 'publish', ...process.argv.slice(2)]);
