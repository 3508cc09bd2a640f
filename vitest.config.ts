import { defineConfig } from 'vitest/config';

// One worker per core: two cores are the smallest machine we promise. Models load once in each worker's process. The limit is
// for what never ends: a test that takes seconds may take minutes on a machine that others use as well.
const common = { pool: 'forks', testTimeout: 300_000, hookTimeout: 300_000, allowOnly: false } as const;

export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: './vitest.global-setup.ts',
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['packages/*/{bin,src}/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/*.test.ts'],
          exclude: ['**/*.servers.test.ts', '**/node_modules/**'],
        },
      },
      { test: { ...common, name: 'servers', include: ['packages/*/src/**/*.servers.test.ts'] } },
    ],
  },
});
