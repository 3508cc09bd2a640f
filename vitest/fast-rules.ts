import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach } from 'vitest';

// What holds for each file of the fast tests. A log of its own, for this process and those that it starts, tells which test it was.
const log = path.join(path.dirname(process.env.TANDEM_OFFLINE_LOG!), String(process.pid));
process.env.TANDEM_OFFLINE_LOG = log;

afterEach(() => {
  if (!existsSync(log)) return;
  const attempts = readFileSync(log, 'utf8');
  rmSync(log);
  throw new Error(`${attempts}A test that needs the network or a model is in a file named *.slow.test.ts.`);
});

/** Seconds of processor time; the longest file takes half of it on a slow machine (two threads of one core, without AVX-512) that is busy. */
const limit = 25;
const before = process.cpuUsage();

afterAll(() => {
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > limit)
    throw new Error(
      `These tests took ${seconds.toFixed(0)} s of processor time, and each file of the fast tests has ${limit} s: name it *.slow.test.ts.`,
    );
});
