import { defineConfig } from 'vitest/config';
import { offlineProcess } from './vitest/offline-run.ts';

// One worker per core: two cores are the smallest machine we promise. Models load once in each worker's process. The limit is
// for what never ends: a test that takes seconds may take minutes on a machine that others use as well.
const common = { pool: 'forks', testTimeout: 300_000, hookTimeout: 300_000, allowOnly: false } as const;

const places = ['packages/*/{bin,src}/**', 'examples/**', 'training/**', 'scripts', 'vitest'];
const tests = (ending: string) => places.map((place) => `${place}/*${ending}`);
const exclude = ['**/node_modules/**'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          ...offlineProcess,
          name: 'fast',
          // A process for each core and not for each file: that would be half of the time.
          isolate: false,
          include: tests('.test.ts'),
          exclude: [
            ...exclude,
            ...tests('.slow.test.ts'),
            ...tests('.servers.test.ts'),
            ...tests('.models.test.ts'),
          ],
          globalSetup: './vitest/offline-run.ts',
          setupFiles: './vitest/fast-rules.ts',
        },
      },
      {
        test: {
          ...common,
          name: 'slow',
          include: tests('.slow.test.ts'),
          exclude,
          globalSetup: './vitest/fetch-models.ts',
        },
      },
      {
        test: {
          ...common,
          name: 'servers',
          include: tests('.servers.test.ts'),
          exclude,
          globalSetup: './vitest/fetch-models.ts',
        },
      },
      {
        test: {
          ...common,
          // Loading half a gigabyte and answering from it takes minutes on two cores that others use.
          testTimeout: 1_800_000,
          name: 'models',
          include: tests('.models.test.ts'),
          exclude,
          globalSetup: './vitest/fetch-larger-models.ts',
        },
      },
    ],
  },
});
