import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareCodePoints, scanByKeys } from './scan.ts';

test('strings are compared as their UTF-8 is', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '請', '\uffee', '🦶', '𝛼', '') });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

const row = (documentId: string, ordinal: number) => ({
  key: `${documentId}#${ordinal}`,
  documentId,
  ordinal,
});
const chunkOf = (key: string) => ({ chunk: { id: key } as never });

test('rows come in order, in batches, and what is gone meanwhile is passed over', async () => {
  const keys = Array.from({ length: 1200 }, (_, i) => row(`d${i % 40}`, Math.floor(i / 40)));
  const batches: number[] = [];
  const found = await Array.fromAsync(
    scanByKeys(
      keys,
      async (some) => {
        batches.push(some.length);
        return new Map(some.filter((key) => key !== 'd3#7').map((key) => [key, chunkOf(key)]));
      },
      {},
    ),
  );
  const expected = keys.filter(({ key }) => key !== 'd3#7').map(({ key }) => key);
  expect(found.map(({ chunk }) => chunk.id)).toEqual(expected);
  expect(batches).toEqual([500, 500, 200]);
});

test('an aborted scan reads no further', async () => {
  const stop = new AbortController();
  const keys = Array.from({ length: 1200 }, (_, i) => row('d', i));
  const scan = scanByKeys(keys, async (some) => new Map(some.map((key) => [key, chunkOf(key)])), {
    signal: stop.signal,
  });
  let seen = 0;
  await expect(async () => {
    for await (const _ of scan) if (++seen === 10) stop.abort();
  }).rejects.toThrow('aborted');
  expect(seen).toBe(500);
});
