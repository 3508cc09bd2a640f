import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { holdHeapGrowth, youngGenerationBytes } from './heap-growth.ts';

/** Objects that outlive a few collections, as a batch's documents do, and then go. */
async function work(rounds: number): Promise<number> {
  let largest = 0;
  const alive: object[][] = [];
  for (let round = 0; round < rounds; round++) {
    alive.push(Array.from({ length: 20_000 }, (_, i) => ({ round, i, text: `${round} ${i}` })));
    if (alive.length > 8) alive.shift();
    largest = Math.max(largest, youngGenerationBytes());
    if (round % 50 === 0) await pause(0);
  }
  return largest;
}

test('while it is held the young generation does not grow, and afterwards it may again', async () => {
  {
    using held = holdHeapGrowth();
    // Until it has grown to the limit, or where this process's was larger before.
    await work(100);
    held.look();
    const before = youngGenerationBytes();
    using again = holdHeapGrowth();
    again.look();
    expect(await work(400)).toBe(before);
  }
  const before = youngGenerationBytes();
  if (before < 100e6) expect(await work(800)).toBeGreaterThan(before);
});
