import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FreeCores, freeCores } from './free-cores.ts';

it('leaves the cores that others hold', () => {
  const look = { processors: 2, cores: 2, elapsed: 1000 };
  expect(freeCores({ ...look, idle: 2000, own: 0 })).toBe(2); // nothing goes on
  expect(freeCores({ ...look, idle: 0, own: 2000 })).toBe(2); // we have the machine to ourselves
  expect(freeCores({ ...look, idle: 1600, own: 0 })).toBe(2); // a browser plays a film
  expect(freeCores({ ...look, idle: 0, own: 1000 })).toBe(1); // another program holds a core
  expect(freeCores({ ...look, idle: 0, own: 300 })).toBe(1); // a crowd
  // Four of a server's 64 processors, half of which others use: two are left of the four.
  expect(freeCores({ processors: 64, cores: 4, elapsed: 1000, idle: 32_000, own: 0 })).toBe(2);
});

it('is always a number of threads that can be used', () => {
  const whole = fc.integer({ min: 1, max: 128 });
  fc.assert(
    fc.property(whole, whole, fc.nat(500_000), fc.nat(500_000), (cores, processors, idle, own) => {
      const free = freeCores({ cores, processors, elapsed: 1000, idle, own });
      expect(Number.isInteger(free) && free >= 1 && free <= cores).toBe(true);
    }),
  );
});

it('says nothing after too short a look', () => {
  const processors = cpus().length || availableParallelism();
  const clock = { at: 5000, idle: 80_000, own: 300 };
  const cores = new FreeCores({ now: () => clock.at, read: () => ({ ...clock }) });
  clock.at += 150; // others held every core
  expect(cores.count(2)).toBe(2);
  clock.at += 150;
  expect(cores.count(2)).toBe(1);
  clock.at += 150;
  clock.idle += 150 * processors;
  expect(cores.count(2)).toBe(1); // what was last seen
  clock.at += 150;
  clock.idle += 150 * processors;
  expect(cores.count(2)).toBe(2);
});

it('reads this machine', async () => {
  const cores = new FreeCores();
  await sleep(250);
  const count = cores.count(availableParallelism());
  expect(count).toBeGreaterThanOrEqual(1);
  expect(count).toBeLessThanOrEqual(availableParallelism());
});
