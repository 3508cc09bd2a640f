import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';

/** Needs Linux and the right to make a network namespace: root, or user namespaces switched on. */
async function inEmptyNamespace(mode: 'work' | 'leak') {
  const script = join(import.meta.dirname, 'offline-process.fixture.ts');
  const { stdout } = await promisify(execFile)('unshare', [
    '--map-root-user',
    '--net',
    'sh',
    '-c',
    'ip link set lo up && exec "$@"',
    'sh',
    process.execPath,
    script,
    mode,
  ]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    text: string;
    found?: string;
    attempts: number;
  };
}

it('cached models answer, embed and search without a packet tried beyond loopback', async () => {
  await fetchModel('local:smollm2-135m-instruct');
  await fetchModel('local:all-minilm-l6-v2');
  const { text, found, attempts } = await inEmptyNamespace('work');
  expect(text).toMatch(/asthma/i);
  expect(found).toBe('asthma');
  expect(attempts).toBe(0);
});

it('an attempt to leave would have been counted', async () => {
  const { text, attempts } = await inEmptyNamespace('leak');
  expect(text).toBe('fetch failed');
  expect(attempts).toBeGreaterThan(0);
});
