import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lexicalIndexConformance, vectorStoreConformance } from '../conformance.ts';
import { folder, open } from './lance-store.fixture.ts';
import { openLanceStore } from './lance-store.ts';

afterAll(() => rmSync(folder, { recursive: true }));

const target = { open, module: new URL('./lance-store.fixture.ts', import.meta.url).href };

describe('as a vector store', () => {
  for (const { name, run } of vectorStoreConformance(target)) test(name, run);
});
describe('as a lexical index', () => {
  for (const { name, run } of lexicalIndexConformance(target)) test(name, run);
});

function rows(count: number, dimensions: number, from = 0) {
  return Array.from({ length: count }, (_, i) => ({
    id: `d${from + i}#0`,
    documentId: `d${from + i}`,
    ordinal: 0,
    start: 0,
    end: 4,
    text: 'text',
    headingPath: [],
    uri: 'u',
    title: 't',
    access: 'public',
    terms: [`word${(from + i) % 100}`, 'text'],
    vector: Float32Array.from({ length: dimensions }, (_, j) => Math.sin((from + i + 1) * (j + 1) * 0.7391)),
  }));
}

test('above its limit a vector index is made, and finds nearly what comparing every row finds', async () => {
  await using store = await openLanceStore(join(folder, 'indexed'), { vectorIndexFrom: 2000 });
  await using exact = await openLanceStore(join(folder, 'exact'));
  const at = { generation: 1, seq: 1 };
  for (const each of [store, exact]) {
    await each.prepare({ generation: 1, dimensions: 32, committedSeq: 0 });
    await each.add(rows(3000, 32), at);
    await each.maintain(at);
  }
  // Rows that came after the index was made are found as well.
  await store.add(rows(100, 32, 3000), { generation: 1, seq: 2 });
  await exact.add(rows(100, 32, 3000), { generation: 1, seq: 2 });
  let found = 0;
  for (const { vector } of rows(40, 32, 3050)) {
    const options = { at: { generation: 1, seq: 2 }, limit: 10 };
    const expected = new Set((await exact.searchVector(vector, options)).map(({ chunk }) => chunk.id));
    found += (await store.searchVector(vector, options)).filter(({ chunk }) => expected.has(chunk.id)).length;
  }
  expect(found / 400).toBeGreaterThanOrEqual(0.97);
  const indices = readdirSync(join(folder, 'indexed', 'chunks_1.lance', '_indices'));
  const without = readdirSync(join(folder, 'exact', 'chunks_1.lance', '_indices'));
  expect(indices.length).toBeGreaterThan(without.length);
});

test('a narrow filter is filled from all of an indexed table, not from the parts that are looked at first', async () => {
  await using store = await openLanceStore(join(folder, 'narrow'), { vectorIndexFrom: 2000 });
  const at = { generation: 1, seq: 1 };
  await store.prepare({ generation: 1, dimensions: 32, committedSeq: 0 });
  const labelled = rows(3000, 32).map((row, i) => ({ ...row, access: i % 100 === 0 ? 'rare' : 'public' }));
  await store.add(labelled, at);
  await store.maintain(at);
  for (const { vector } of rows(10, 32, 3000)) {
    const found = await store.searchVector(vector, { at, limit: 30, filter: { access: ['rare'] } });
    expect(found).toHaveLength(30);
    expect(new Set(found.map(({ chunk }) => chunk.access))).toEqual(new Set(['rare']));
  }
});

test('a scan goes on where its version was cleaned up under it: every row once, in order', async () => {
  const place = join(folder, 'scanned');
  await using store = await openLanceStore(place);
  await using other = await openLanceStore(place);
  const at = { generation: 1, seq: 1 };
  await store.prepare({ generation: 1, dimensions: 8, committedSeq: 0 });
  await store.add(rows(1600, 8), at);
  await store.maintain(at);
  const expected = rows(1600, 8)
    .map(({ id }) => id)
    .sort();
  for (const every of [1, 3]) {
    const seen: string[] = [];
    for await (const { chunk } of store.scan(at, undefined, { every })) {
      seen.push(chunk.id);
      // All files are written anew, and the old ones deleted.
      if (seen.length === 10) await other.purge!(at);
    }
    expect(seen).toEqual(expected.filter((_, place) => place % every === 0));
  }
});

test.each([5, 1])('rows of only %i different vectors are indexed all the same', async (different) => {
  const place = join(folder, `recurring-${different}`);
  // From 257 parts on, k-means refuses to make more than there are different vectors.
  await using store = await openLanceStore(place, { vectorIndexFrom: 1000, parts: 300 });
  const at = { generation: 1, seq: 1 };
  const vectors = rows(different, 32).map(({ vector }) => vector);
  await store.prepare({ generation: 1, dimensions: 32, committedSeq: 0 });
  await store.add(
    rows(1200, 32).map((row, i) => ({ ...row, vector: vectors[i % different]! })),
    at,
  );
  await store.maintain(at);
  const { connect } = await import('@lancedb/lancedb');
  const table = await (await connect(place)).openTable('chunks_1');
  expect((await table.indexStats('vector_idx'))?.numIndexedRows).toBe(1200);
  for (const [which, vector] of vectors.entries()) {
    const found = await store.searchVector(vector, { at, limit: 20 });
    expect(found.map(({ chunk }) => Number(chunk.documentId.slice(1)) % different)).toEqual(
      Array(20).fill(which),
    );
  }
});

test('what is being written is not seen, in an indexed table as well, and what is removed is, until it is committed', async () => {
  await using store = await openLanceStore(join(folder, 'in-between'), { vectorIndexFrom: 1000 });
  await using reader = await openLanceStore(join(folder, 'in-between'), { vectorIndexFrom: 1000 });
  const at = (seq: number) => ({ generation: 1, seq });
  await store.prepare({ generation: 1, dimensions: 32, committedSeq: 0 });
  await store.add(rows(1200, 32), at(1));
  await store.maintain(at(1));
  const [first] = rows(1, 32);
  const seenAt = async (seq: number) =>
    (await reader.searchVector(first!.vector, { at: at(seq), limit: 2 })).map(({ chunk }) => chunk.id);
  const before = await seenAt(1);
  expect(before[0]).toBe('d0#0');
  await store.remove(['d0'], at(2));
  await store.add([{ ...first!, id: 'again#0', documentId: 'again' }], at(2));
  expect(await seenAt(1)).toEqual(before);
  expect(await reader.searchTerms(['word0'], { at: at(1), limit: 100 })).toHaveLength(12);
  expect(await seenAt(2)).toEqual(['again#0', before[1]]);
  await store.maintain(at(2));
  expect(await seenAt(2)).toEqual(['again#0', before[1]]);
});

test('a damaged table reads as missing, and prepare makes it anew', async () => {
  const place = join(folder, 'damaged');
  const at = { generation: 1, seq: 1 };
  {
    await using store = await openLanceStore(place);
    await store.prepare({ generation: 1, dimensions: 8, committedSeq: 0 });
    await store.add(rows(3, 8), at);
    await store.flush();
  }
  rmSync(join(place, 'chunks_1.lance', '_versions'), { recursive: true });
  await using store = await openLanceStore(place);
  expect(await store.count(at)).toBe(0);
  await expect(store.searchTerms(['text'], { at, limit: 1 })).rejects.toThrow(
    /search index in .* is missing/,
  );
  await store.prepare({ generation: 1, dimensions: 8, committedSeq: 1 });
  await store.add(rows(3, 8), { generation: 1, seq: 2 });
  expect(await store.count({ generation: 1, seq: 2 })).toBe(3);
});

test.each(['missing', 'cut short'])('a data file that is %s is one sentence', async (damage) => {
  const place = join(folder, `damaged-file-${damage.replace(' ', '-')}`);
  const at = { generation: 1, seq: 1 };
  {
    await using store = await openLanceStore(place);
    await store.prepare({ generation: 1, dimensions: 8, committedSeq: 0 });
    await store.add(rows(1, 8), at);
    await store.flush();
  }
  const data = join(place, 'chunks_1.lance', 'data');
  for (const name of readdirSync(data))
    if (damage === 'missing') rmSync(join(data, name));
    else truncateSync(join(data, name), 40);
  await using store = await openLanceStore(place);
  await expect(Array.fromAsync(store.scan(at))).rejects.toMatchObject({
    code: 'index_damaged',
    path: place,
    message: `The search index in ${place} is damaged: a file of it is missing or cannot be read.`,
    hint: expect.stringMatching(/^Delete the folder .* and ingest again/),
  });
});
