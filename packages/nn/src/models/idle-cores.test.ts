import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idleCores, measureIdleCores } from './idle-cores.ts';

test('what others leave, whatever this process does itself', () => {
  const look = { allowed: 2, processors: 2, elapsed: 100 };
  expect(idleCores({ ...look, idle: 200, own: 0 })).toBe(2);
  expect(idleCores({ ...look, idle: 100, own: 100 })).toBe(2);
  expect(idleCores({ ...look, idle: 0, own: 100 })).toBe(1);
  expect(idleCores({ ...look, idle: 0, own: 0 })).toBe(0);
  // A container that may use two of eight, half of which others hold.
  expect(idleCores({ allowed: 2, processors: 8, elapsed: 100, idle: 300, own: 100 })).toBe(1);
});

test('never below none nor above what may be used', () => {
  const amount = fc.double({ min: 0, max: 1e5, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), amount, amount, (processors, idle, own) => {
      const free = idleCores({ allowed: processors, processors, elapsed: 100, idle, own });
      return free >= 0 && free <= processors;
    }),
  );
});

test('this machine can be looked at', async () => {
  const free = await measureIdleCores()();
  expect(free).toBeGreaterThanOrEqual(0);
  expect(free).toBeLessThanOrEqual(availableParallelism());
});
