import { existsSync } from 'node:fs';

/**
 * glibc's malloc (mallopt(3)) takes memory from the system for each large request and gives it back when that is freed: until the
 * first such block is freed. From then on it keeps blocks up to that size, for each thread in a heap of its own, and what LanceDB and
 * ONNX Runtime free in between stays the process's. These settings keep the limit where it was and the heaps at two: an ingest takes
 * a tenth less memory when it embeds and a fifth less when the vectors are remembered, for 8 % more processor time in the latter
 * (`npm run bench -- ingest-scale`). They are read when a process starts and cannot be set later.
 */
export const allocatorSettings = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/**
 * Starts this command again in this very process (the same id, terminal and pipes), with `allocatorSettings` in its environment; returns
 * where that is not possible or of no use, or settings of the user's own are there. To be called before anything is read or written.
 */
export function restartWithAllocatorSettings(): void {
  const { env, execve, execPath, execArgv, argv } = process;
  const isSet = Object.keys(env).some((name) => name.startsWith('MALLOC_') || name === 'GLIBC_TUNABLES');
  // A channel to a parent process would be closed, and a program that has been replaced meanwhile cannot be started.
  const canRestart =
    process.platform === 'linux' && execve && process.channel === undefined && existsSync(execPath);
  if (isSet || !canRestart) return;
  execve(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, ...allocatorSettings });
}
