import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RerankingModelV4 } from '@ai-sdk/provider';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { ingest } from '../ingest/ingest.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../models/local-embedder.ts';
import type { Source } from '../sources/source.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { createRetriever, type Retriever } from './retriever.ts';

let embedder: LocalEmbedderModel;
let folder: string;
let catalog: Catalog;
let store: VectorStore & LexicalIndex;
let retriever: Retriever;

const documents: Record<string, string> = {
  'abetalipoproteinemia.md': `---
aliases: [ABL, Bassen-Kornzweig syndrome]
---
# Abetalipoproteinemia

## Symptoms

Fatty stools, poor growth and trouble with balance appear in the first months of life.

## Treatment

A diet low in long-chain fat, with large doses of vitamin E, keeps nerves from harm.
`,
  'angelman.md': `# Angelman syndrome

## Information

Angelman syndrome (AS) affects the nervous system. Children with AS laugh often and seldom speak.
`,
  'gout.md': `# Gout

## Symptoms

Sudden attacks of severe pain in a joint, most often the big toe, which turns red and swollen.

## Causes

Uric acid forms crystals in the joint. ${'Red meat, seafood, beer and sweet drinks raise the level of uric acid in the blood. '.repeat(12)}
`,
  'secret.md': `---
access: staff
---
# Staff manual

Gout patients are seen by the red team on the second floor.
`,
};

const source: Source = {
  id: 'memory',
  async *list() {
    for (const uri of Object.keys(documents)) yield { uri, changeMark: '1', mediaType: 'text/markdown' };
  },
  load: async ({ uri }) => ({ bytes: new TextEncoder().encode(documents[uri]) }),
};

beforeAll(async () => {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  embedder = await openLocalEmbedder({ path, threads: 2, modelId: 'all-minilm-l6-v2' });
  folder = mkdtempSync(join(tmpdir(), 'tandem-retrieve-'));
  catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  store = await openLanceStore(join(folder, 'index'));
  retriever = createRetriever({ catalog, store, embedder });
  await expect(retriever.retrieve('gout', { k: 1 })).rejects.toThrow('Nothing has been ingested');
  await ingest({
    catalog,
    store,
    embedder,
    sources: [source],
    chunking: { maxTokens: 64, overlapTokens: 24 },
  });
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await catalog?.[Symbol.asyncDispose]();
  await embedder?.[Symbol.asyncDispose]();
  if (folder) rmSync(folder, { recursive: true });
});

const first = async (query: string) => (await retriever.retrieve(query, { k: 3 })).passages[0]?.documentId;

describe('finds', () => {
  test('by meaning, by an abbreviation of the document, by an abbreviation spelt like a function word', async () => {
    expect(await first('my foot hurts terribly all of a sudden')).toBe('gout.md');
    expect(await first('What are the treatments for ABL?')).toBe('abetalipoproteinemia.md');
    expect(await first('What is AS?')).toBe('angelman.md');
  });

  test('every passage with its ranks, scores, and the exact span', async () => {
    const { passages, timings, query } = await retriever.retrieve(' symptoms of gout ', { k: 3 });
    expect(query).toBe(' symptoms of gout ');
    expect(passages.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    for (const [i, passage] of passages.entries()) {
      expect(passage.score).toBe(passage.scores.fused);
      expect(passage.scores.dense).toBeGreaterThan(-1);
      expect(passage.scores.dense).toBeLessThanOrEqual(1.0001);
      if (i > 0) expect(passage.score).toBeLessThanOrEqual(passages[i - 1]!.score);
      const document = (await catalog.documents.get(passage.documentId))!;
      expect(document.text.slice(passage.start, passage.end)).toBe(passage.text);
    }
    expect(passages[0]).toMatchObject({ documentId: 'gout.md', headingPath: ['Gout', 'Symptoms'] });
    expect(Object.values(timings).every((time) => time >= 0)).toBe(true);
  });

  test('dense and lexical alone, each with its own score', async () => {
    const dense = await retriever.retrieve('uric acid', { k: 2, mode: 'dense' });
    const lexical = await retriever.retrieve('uric acid', { k: 2, mode: 'lexical' });
    expect(dense.passages[0]?.scores).toEqual({ dense: dense.passages[0]?.score });
    expect(lexical.passages[0]?.scores).toEqual({ lexical: lexical.passages[0]?.score });
    expect(lexical.timings.embed).toBe(0);
  });

  test('k different spans, though chunks of one section overlap and repeat each other', async () => {
    const { passages } = await retriever.retrieve('red meat seafood beer sweet drinks uric acid', { k: 10 });
    const gout = passages.filter(({ documentId }) => documentId === 'gout.md');
    for (const a of gout)
      for (const b of gout)
        if (a !== b) {
          const overlap = Math.min(a.end, b.end) - Math.max(a.start, b.start);
          expect(overlap).toBeLessThanOrEqual(Math.min(a.end - a.start, b.end - b.start) / 2);
          expect(a.text).not.toBe(b.text);
        }
  });
});

describe('what a question is about', () => {
  test('told by the turns before', async () => {
    const turns = [
      { role: 'user' as const, content: 'What is gowt?' },
      { role: 'assistant' as const, content: 'A kind of arthritis.' },
    ];
    const alone = await retriever.retrieve('what brings it on?', { k: 1 });
    const told = await retriever.retrieve('what brings it on?', { k: 1, turns });
    expect(alone.rewritten).toBeUndefined();
    expect(told).toMatchObject({
      query: 'what brings it on?',
      rewritten: 'what brings it on? (Gout)',
      passages: [{ documentId: 'gout.md' }],
    });
  });

  test('a rewriter’s question is searched beside the question', async () => {
    const rewriting = createRetriever({
      catalog,
      store,
      embedder,
      rewrite: async () => 'treatment of abetalipoproteinemia',
    });
    const turns = [{ role: 'user' as const, content: 'What is gout?' }];
    const { passages, rewritten } = await rewriting.retrieve('causes?', { k: 4, turns });
    expect(rewritten).toBe('treatment of abetalipoproteinemia');
    expect(passages.map(({ documentId }) => documentId)).toEqual(
      expect.arrayContaining(['abetalipoproteinemia.md', 'gout.md']),
    );
  });

  test('several things: each gets passages; a name that nothing here knows is said', async () => {
    const { parts, missing, passages } = await retriever.retrieve(
      'what does Foozumab do to my gout and my abetalipoproteinemia?',
      { k: 4 },
    );
    expect(parts?.map(({ name }) => name).toSorted()).toEqual(['Abetalipoproteinemia', 'Gout']);
    expect(parts?.every((part) => part.passages > 0)).toBe(true);
    expect(missing).toEqual(['Foozumab']);
    expect(passages.length).toBe(4);
  });

  test('a version that no document has is said to be missing', async () => {
    const { missing } = await retriever.retrieve('What does gout 2.4.2 need?', { k: 2 });
    expect(missing).toEqual(['2.4.2']);
  });

  test('a reranker cannot take the place of a listed thing', async () => {
    const model = {
      specificationVersion: 'v4' as const,
      provider: 'test',
      modelId: 'likes gout',
      doRerank: async ({ documents }: { documents: { values: unknown[] } }) => ({
        ranking: documents.values.map((value, index) => ({
          index,
          relevanceScore: String(value).startsWith('Gout') ? 1 : 0,
        })),
      }),
    };
    const reading = createRetriever({
      catalog,
      store,
      embedder,
      reranker: { model: model as unknown as RerankingModelV4 },
    });
    const { passages } = await reading.retrieve('gout and abetalipoproteinemia', { k: 2 });
    expect(new Set(passages.map(({ documentId }) => documentId))).toEqual(
      new Set(['gout.md', 'abetalipoproteinemia.md']),
    );
  });

  test('explained: the plan, where each search had a passage, and what spoke for it', async () => {
    const { explanation, passages } = await retriever.retrieve(
      'They say I have gowt. What are the symptoms?',
      {
        k: 3,
        explain: true,
      },
    );
    expect(explanation!.plan.full).toBe('They say I have gowt. What are the symptoms? (Gout)');
    expect(explanation!.compared.length).toBeGreaterThanOrEqual(passages.length);
    expect(explanation!.passages.map(({ id }) => id)).toEqual(passages.map(({ id }) => id));
    const [first] = explanation!.passages;
    expect(first!.ranks.dense).toBe(1);
    expect(first!.shares.names).toBeGreaterThan(0);
    const sum = Object.values(first!.shares).reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(passages[0]!.score, 6);
  });

  test('longer than the embedder reads: nothing is lost, nothing fails', async () => {
    const story = 'We went to the market and bought apples and pears for the whole week. '.repeat(60);
    const { passages } = await retriever.retrieve(`${story} How do you treat gowt? ${story}`, { k: 2 });
    expect(passages.map(({ documentId }) => documentId)).toContain('gout.md');
  });
});

describe('handed on', () => {
  test('with neighbours of the section, within a budget, each an exact slice', async () => {
    const options = { k: 4, documentIds: ['gout.md'] };
    const found = await retriever.retrieve('uric acid in red meat', options);
    const wider = await retriever.retrieve('uric acid in red meat', { ...options, neighbours: 1 });
    const packed = await retriever.retrieve('uric acid in red meat', { ...options, maxTokens: 100 });
    expect(wider.passages.length).toBeLessThan(found.passages.length);
    const { text } = (await catalog.documents.get('gout.md'))!;
    for (const passage of wider.passages) expect(text.slice(passage.start, passage.end)).toBe(passage.text);
    expect(packed.passages.length).toBeGreaterThan(0);
    expect(packed.passages.length).toBeLessThan(found.passages.length);
  });
});

describe('restricted', () => {
  test('to documents, without documents, by access label', async () => {
    const ids = async (options: object) =>
      new Set(
        (await retriever.retrieve('gout', { k: 10, ...options })).passages.map(
          (passage) => passage.documentId,
        ),
      );
    expect(await ids({})).toEqual(new Set(Object.keys(documents)));
    expect(await ids({ documentIds: ['angelman.md', 'nobody.md'] })).toEqual(new Set(['angelman.md']));
    expect(await ids({ documentIds: [] })).toEqual(new Set());
    expect(await ids({ excludeDocumentIds: ['gout.md'] })).not.toContain('gout.md');
    expect(await ids({ access: ['public'] })).not.toContain('secret.md');
    expect(await ids({ access: ['staff'] })).toEqual(new Set(['secret.md']));
  });
});

describe('any text is a query', () => {
  test('an empty one is refused', async () => {
    await expect(retriever.retrieve(' \n', { k: 1 })).rejects.toThrow('The question is empty.');
  });

  test('operators, quotes, SQL and broken Unicode are only text', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            "'",
            '(',
            ')',
            'AND',
            'OR',
            'NOT',
            '*',
            '~2',
            '^',
            ':',
            '\\',
            '--',
            ';',
            'gout',
            '%',
            '\u0000',
            '\ud800',
            '🦶',
            'NEAR/3',
            '{',
            '[',
            '+',
            '-',
          ),
          { maxLength: 12 },
        )
        .map((parts) => parts.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (query) => {
        fc.pre(query.trim() !== '');
        const { passages } = await retriever.retrieve(query, { k: 3 });
        expect(passages.length).toBeGreaterThan(0);
        const { passages: byWords } = await retriever.retrieve(query, { k: 3, mode: 'lexical' });
        expect(byWords.length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 60 },
    );
  });

  test('a stopped search rejects', async () => {
    await expect(retriever.retrieve('gout', { k: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

test('headings without a weight are compared only where that is asked for, and move nothing', async () => {
  const question = 'which symptoms come with gout';
  const found = await Promise.all(
    [false, true].map((compareHeadings) =>
      createRetriever({ catalog, store, embedder, compareHeadings }).retrieve(question, {
        k: 3,
        explain: true,
      }),
    ),
  );
  const [without, compared] = found.map(({ explanation }) =>
    explanation!.compared.map(({ signals }) => signals.headings),
  );
  expect(Math.max(...without!)).toBe(0);
  expect(Math.max(...compared!)).toBeGreaterThan(0.3);
  const [plain, other] = found.map(({ passages }) => passages.map(({ id, score }) => ({ id, score })));
  expect(other).toEqual(plain);
});
