import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parityBounds } from '../tune/parity.ts';
import { tune } from '../tune/tune.ts';
import { createTandem } from './create-tandem.ts';

/** Somebody tries `tune` with the first examples that they have. */

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-few-examples-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const pairs = [
  ['When does the water tap open?', 'The tap opens on 1 April.'],
  ['How long is a plot let for?', 'A plot is let for five years.'],
  ['May I keep hens?', 'Up to four.'],
  ['What is the deposit?', '60 euros.'],
  ['Is burning allowed?', 'No.'],
];

test.each([1, 2, 3, 5])(
  '%i short examples train an adapter, which is checked on enough tokens',
  async (count) => {
    await using tandem = await createTandem({
      chat: 'local:smollm2-135m-instruct',
      examples: {
        train: pairs.slice(0, count).map(([question, answer]) => ({
          messages: [
            { role: 'user' as const, content: question! },
            { role: 'assistant' as const, content: answer! },
          ],
        })),
      },
      settings: { tune: { epochs: 3, rank: 4 } },
      dataDirectory: join(root, `${count}`),
    });
    const { adapter, parity } = await tune(tandem);
    expect(adapter.metrics).toMatchObject({ examples: count, steps: 3 * Math.ceil(count / 4) });
    expect(parity!.tokens).toBeGreaterThanOrEqual(250);
    expect(parity!.meanKl).toBeLessThan(1e-2);
    // Near ties are a few in a hundred: the product's own bound.
    expect(parity!.sameTopToken).toBeGreaterThanOrEqual(parityBounds.sameTopToken);
  },
);
