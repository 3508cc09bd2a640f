import { defineConfig } from 'vitest/config';

// One worker per core: the models are shared inside a worker, and two cores are the smallest machine we promise.
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    allowOnly: false,
  },
});
