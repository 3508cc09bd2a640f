import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freeMemory, memoryLimit } from './free-memory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-memory-'));
});
afterEach(() => rm(root, { recursive: true }));

/** A system's files, as far as they say anything about memory. */
async function system(files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

const machine = { 'proc/meminfo': 'MemTotal: 8000000 kB\nMemFree: 100000 kB\nMemAvailable: 4000000 kB\n' };
const available = 4_000_000 * 1024;

it('is what the system calls available, with files that it would give up', async () => {
  await system(machine);
  expect(freeMemory(root)).toBe(available);
  await system({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': 'max\n' });
  expect(freeMemory(root)).toBe(available);
  expect(memoryLimit(root)).toBe(totalmem());
});

it('is less in a container with a limit, where what was read does not count as used', async () => {
  await system({
    ...machine,
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': '2000000000\n',
    'sys/fs/cgroup/memory.current': '1500000000\n',
    'sys/fs/cgroup/memory.stat': 'anon 400000000\nfile 1100000000\ninactive_file 1000000000\n',
  });
  expect(freeMemory(root)).toBe(1_500_000_000);
  expect(memoryLimit(root)).toBe(2_000_000_000);
});

it('is bounded by groups further up', async () => {
  await system({
    ...machine,
    'proc/self/cgroup': '0::/user.slice/app.scope\n',
    'sys/fs/cgroup/user.slice/app.scope/memory.max': 'max\n',
    'sys/fs/cgroup/user.slice/memory.max': '1000000000\n',
    'sys/fs/cgroup/user.slice/memory.current': '700000000\n',
  });
  expect(freeMemory(root)).toBe(300_000_000);
});

it('reads the older version of control groups', async () => {
  const group = 'sys/fs/cgroup/memory/docker/abc';
  await system({
    ...machine,
    'proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
    [`${group}/memory.limit_in_bytes`]: '1000000000\n',
    [`${group}/memory.usage_in_bytes`]: '900000000\n',
    [`${group}/memory.stat`]: 'cache 300000000\ntotal_inactive_file 200000000\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  });
  expect(freeMemory(root)).toBe(300_000_000);
});

it('of this machine is a part of what it has', () => {
  expect(freeMemory()).toBeGreaterThan(0);
  expect(freeMemory()).toBeLessThanOrEqual(memoryLimit());
});
