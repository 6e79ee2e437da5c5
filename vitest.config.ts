import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests read the sources of our packages, so nothing has to be built first.
  resolve: { conditions: ['@fsmr/source'] },
  ssr: { resolve: { conditions: ['@fsmr/source'], externalConditions: ['@fsmr/source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
    setupFiles: ['./scripts/property-seed.ts'],
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Vitest leaves one core free, and so half of a machine with two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
