// A process of its own, so that its heap is as a new one's: prints the largest young generation while growth is held and after.
import { setTimeout as pause } from 'node:timers/promises';
import { holdHeapGrowth, youngGenerationBytes } from './heap-growth.ts';

/** Objects that outlive a few collections, as a batch's documents do, and then go. */
async function work(rounds: number, after: () => void = () => {}): Promise<number> {
  let largest = 0;
  const alive: object[][] = [];
  for (let round = 0; round < rounds; round++) {
    alive.push(Array.from({ length: 20_000 }, (_, i) => ({ round, i, text: `${round} ${i}` })));
    if (alive.length > 8) alive.shift();
    largest = Math.max(largest, youngGenerationBytes());
    if (round % 50 === 0) await pause(0);
    after();
  }
  return largest;
}

let held: number;
{
  using first = holdHeapGrowth();
  using second = holdHeapGrowth();
  held = await work(400, () => {
    first.look();
    second.look();
  });
}
console.log(JSON.stringify({ held, free: await work(800) }));
