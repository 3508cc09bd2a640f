import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type ChunkFilter,
  type ChunkRow,
  type ChunkTable,
  notRemoved,
  type ScoredChunk,
  type Snapshot,
  type StoredChunk,
} from './chunk-table.ts';
import type { LexicalIndex } from './lexical-index.ts';
import bm25Reference from './references/bm25s.json' with { type: 'json' };
import type { VectorStore } from './vector-store.ts';

// The contract, beside what holds a store to it: all that a store of your own needs.
export type {
  ChunkFilter,
  ChunkRow,
  ChunkTable,
  IndexedState,
  ScannedChunk,
  ScanOptions,
  ScoredChunk,
  SearchOptions as StoreSearchOptions,
  Snapshot,
  StoredChunk,
} from './chunk-table.ts';
export type { LexicalIndex } from './lexical-index.ts';
export type { VectorStore } from './vector-store.ts';

/**
 * What every store must do, as a list of named checks that any test runner can run:
 *
 *     for (const { name, run } of vectorStoreConformance(target)) test(name, run);
 *
 * Vectors here are made by a formula: to a store they are numbers, wherever they come from.
 */
export interface ConformanceCheck {
  name: string;
  run(): Promise<void>;
}

/** How the checks open the store that they are to look at. */
export interface ConformanceTarget<Store> {
  /**
   * A store over a place that the checks have to themselves: the same one for the same `place`, also after the store was
   * disposed, and in another process.
   */
  open(place: string): Promise<Store>;
  /** Address of a module that exports this `open`: writers in processes of their own, one of them killed, import it. */
  module: string;
  /** A server without transactions may still finish the last request of a client that is gone: docs/stores.md, "Known limit". */
  finishesLate?: boolean;
}

type Open<Store> = ConformanceTarget<Store>;

/** The checks that every VectorStore has to pass: give each `run` to your test runner under its `name`. */
export function vectorStoreConformance(open: Open<VectorStore>): ConformanceCheck[] {
  const search = (store: VectorStore, row: ChunkRow, at: Snapshot, limit = 10, filter = {}) =>
    store.searchVector(row.vector, { at, limit, filter });
  return [
    ...tableConformance(open, (store, row, at, filter) => search(store, row, at, 10, filter)),
    check('cosine similarity of unit vectors, best first', open, async (store) => {
      const rows = [row('a', 0, [1, 0, 0]), row('b', 0, [0.6, 0.8, 0]), row('c', 0, [0, 0, -1])];
      await commit(store, 1, rows);
      const found = await store.searchVector(Float32Array.of(1, 0, 0), { at: at(1), limit: 3 });
      deepEqual(ids(found), ['a#0', 'b#0', 'c#0']);
      for (const [i, score] of [1, 0.6, 0].entries())
        ok(Math.abs(found[i]!.score - score) < 1e-5, `score ${found[i]!.score}, expected ${score}`);
    }),
    check('length does not count: cosine, not a dot product', open, async (store) => {
      await commit(store, 1, [row('long', 0, [10, 10, 0]), row('near', 0, [0.1, 0.01, 0])]);
      deepEqual(ids(await store.searchVector(Float32Array.of(1, 0, 0), { at: at(1), limit: 1 })), ['near#0']);
    }),
    check('agrees with comparing every vector', open, async (store) => {
      const rows = Array.from({ length: 200 }, (_, i) => row(`d${i}`, 0, formulaVector(i)));
      await commit(store, 1, rows);
      for (let query = 1000; query < 1010; query++) {
        const vector = Float32Array.from(formulaVector(query));
        const expected = rows
          .map(({ id, vector: other }) => ({ id, score: cosine(vector, other) }))
          .sort((a, b) => b.score - a.score)
          .slice(0, 10);
        const found = await store.searchVector(vector, { at: at(1), limit: 10 });
        deepEqual(
          ids(found),
          expected.map(({ id }) => id),
        );
      }
    }),
    check('a filter narrows before it ranks: the limit is filled from what is left', open, async (store) => {
      const near = (i: number) => row(`near${i}`, 0, [1, i / 1000, 0], { access: 'staff' });
      const far = { access: 'public', metadata: { kind: 'rare' } };
      await commit(store, 1, [
        ...Array.from({ length: 50 }, (_, i) => near(i)),
        row('far', 0, [-1, 0, 0], far),
      ]);
      for (const filter of narrowFilters)
        deepEqual(
          ids(await store.searchVector(Float32Array.of(1, 0, 0), { at: at(1), limit: 1, filter })),
          ['far#0'],
          JSON.stringify(filter),
        );
    }),
    check('rows of other commits do not take the places of visible ones', open, async (store) => {
      const many = (of: string) =>
        Array.from({ length: 50 }, (_, i) => row(`${of}${i}`, 0, [1, i / 1000, 0]));
      await commit(store, 1, [...many('gone'), row('stays', 0, [-1, 0, 0])]);
      await store.remove(
        many('gone').map(({ documentId }) => documentId),
        at(2),
      );
      await store.flush();
      await store.add(many('later'), at(3));
      await store.flush();
      deepEqual(ids(await store.searchVector(Float32Array.of(1, 0, 0), { at: at(2), limit: 1 })), [
        'stays#0',
      ]);
    }),
    check('a vector of other dimensions is refused, to write and to search with', open, async (store) => {
      const refused = { code: 'dimension_mismatch', expected: 3, actual: 4 };
      await rejects(store.add([row('a', 0, [1, 0, 0]), row('b', 0, [1, 0, 0, 0])], at(1)), refused);
      equal(await store.count(at(1)), 0);
      await commit(store, 1, [row('a', 0, [1, 0, 0])]);
      const searching = store.searchVector(Float32Array.of(1, 0, 0, 0), { at: at(1), limit: 1 });
      await rejects(searching, refused);
      // Another embedder under the same number, as after the catalogue was lost: all that is there is derived, and made anew.
      await store.prepare({ generation: 1, dimensions: 4, committedSeq: 0 });
      await commit(store, 1, [row('b', 0, [1, 0, 0, 0])]);
      const found = await store.searchVector(Float32Array.of(1, 0, 0, 0), { at: at(1), limit: 3 });
      deepEqual(ids(found), ['b#0']);
    }),
  ];
}

/** The checks that every LexicalIndex has to pass: give each `run` to your test runner under its `name`. */
export function lexicalIndexConformance(open: Open<LexicalIndex>): ConformanceCheck[] {
  const search = (store: LexicalIndex, ...terms: string[]) =>
    store.searchTerms(terms, { at: at(1), limit: 10 });
  const texts = async (store: LexicalIndex, ...texts: string[]) =>
    commit(
      store,
      1,
      texts.map((text, i) => row(`d${i}`, 0, formulaVector(i), { text })),
    );
  return [
    ...tableConformance(open, (store, { terms }, at, filter) =>
      store.searchTerms(terms, { at, limit: 10, ...(filter ? { filter } : {}) }),
    ),
    check('finds before and after maintenance, rare terms above common ones', open, async (store) => {
      await texts(store, 'the kidney is an organ', 'the liver is an organ', 'the heart of the matter');
      for (let round = 0; round < 2; round++) {
        const found = await search(store, 'kidney', 'organ', 'matter');
        equal(found[0]?.chunk.id, 'd0#0');
        deepEqual(ids(found).sort(), ['d0#0', 'd1#0', 'd2#0']);
        ok(found.every((each, i) => i === 0 || each.score <= found[i - 1]!.score));
        await store.maintain(at(1));
      }
    }),
    check(
      'terms are compared whole and as they are: nothing is cut, folded or left out',
      open,
      async (store) => {
        const terms = 'the The thé symptom symptoms is IS 病假 請病 गुर् गुर i̇ i x1 x 1'.split(' ');
        await texts(store, ...terms);
        for (let round = 0; round < 2; round++) {
          for (const [i, term] of terms.entries())
            deepEqual(ids(await search(store, term)), [`d${i}#0`], term);
          deepEqual(await search(store, 'th', 'THE', 'symptomss', '病', 'xx'), []);
          deepEqual(await search(store), []);
          await store.maintain(at(1));
        }
      },
    ),
    check('a filter narrows before it ranks: the limit is filled from what is left', open, async (store) => {
      const near = (i: number) =>
        row(`near${i}`, 0, formulaVector(i), { text: 'kidney kidney', access: 'staff' });
      const far = { text: `kidney ${'and other words '.repeat(20)}`, metadata: { kind: 'rare' } };
      await commit(store, 1, [
        ...Array.from({ length: 50 }, (_, i) => near(i)),
        row('far', 0, [1, 0, 0], far),
      ]);
      for (let round = 0; round < 2; round++) {
        for (const filter of narrowFilters)
          deepEqual(
            ids(await store.searchTerms(['kidney'], { at: at(1), limit: 1, filter })),
            ['far#0'],
            JSON.stringify(filter),
          );
        await store.maintain(at(1));
      }
    }),
    check('terms of any script are found', open, async (store) => {
      const words = ['腎臓', 'почка', 'गुर्दा', 'نيرة', 'νεφρός', '콩팥', 'C3', 'ŁÓDŹ'];
      await texts(store, ...words.map((word) => `${word} x`));
      await store.maintain(at(1));
      for (const [i, word] of words.entries()) deepEqual(ids(await search(store, word)), [`d${i}#0`], word);
    }),
    check('BM25 agrees with bm25s (method "lucene")', open, async (store) => {
      await texts(store, ...bm25Reference.documents);
      await store.maintain(at(1));
      for (const { terms, scores } of bm25Reference.queries) {
        const expected = new Map(Object.entries(scores).map(([i, score]) => [`d${i}#0`, score]));
        const found = await store.searchTerms(terms.split(' '), {
          at: at(1),
          limit: bm25Reference.documents.length,
        });
        deepEqual(ids(found).sort(), [...expected.keys()].sort(), terms);
        // Some leave the constant factor (k1 + 1) out, as Lucene does, and some do not.
        const factor = found[0]!.score / expected.get(found[0]!.chunk.id)!;
        for (const { chunk, score } of found) {
          const wanted = factor * expected.get(chunk.id)!;
          ok(
            Math.abs(score - wanted) <= 1e-4 * wanted,
            `${terms}: ${chunk.id} has ${score}, bm25s says ${wanted}`,
          );
        }
      }
    }),
    check('no term is an operator', open, async (store) => {
      await texts(store, 'alpha beta', 'gamma');
      await store.maintain(at(1));
      for (const terms of ['alpha AND NOT beta', 'NOT alpha', 'NEAR alpha OR', 'alpha TO'])
        deepEqual(ids(await search(store, ...terms.split(' '))), ['d0#0'], terms);
      for (const term of [
        '"alpha',
        '+alpha',
        '-alpha',
        'text:alpha^2~',
        '\\alpha\\',
        'alpha*',
        "'",
        '(',
        '--',
      ])
        deepEqual(await search(store, term), [], term);
    }),
  ];
}

/** What both halves share: visibility, filters, and coming back from an interrupted commit. */
function tableConformance<Store extends ChunkTable>(
  open: Open<Store>,
  find: (store: Store, row: ChunkRow, at: Snapshot, filter?: object) => Promise<ScoredChunk[]>,
): ConformanceCheck[] {
  return [
    check('gives back every field as it was', open, async (store) => {
      const plain = row("O'Brien; --", 3, [1, 2, 3], {
        text: 'Ein “Text” with 𝛼\nand a second line',
        page: 7,
      });
      const { page: _, ...bare } = row('no page', 0, [3, 2, 1]);
      await commit(store, 1, [plain, bare]);
      for (const each of [plain, bare]) {
        const { terms: __, vector: ___, ...stored } = each;
        const hit = (await find(store, each, at(1))).find(({ chunk }) => chunk.id === each.id);
        deepEqual(hit?.chunk, { ...stored, addedSeq: 1 });
        deepEqual(await scanned(store, at(1), { documentIds: [each.documentId] }), [
          { ...stored, addedSeq: 1 },
        ]);
      }
    }),
    check(
      'rows are visible from the commit that added them to the one that removed them',
      open,
      async (store) => {
        const [first, second] = [
          row('a', 0, [1, 0, 0]),
          row('a', 0, [1, 0.1, 0], { text: 'other words of a' }),
        ];
        await commit(store, 1, [first]);
        await store.remove(['a'], at(2));
        await store.add([second], at(2));
        for (const [seq, text] of [
          [0, []],
          [1, [first.text]],
          [2, [second.text]],
          [3, [second.text]],
        ] as const) {
          deepEqual(
            (await find(store, first, at(seq))).map(({ chunk }) => chunk.text),
            text.length ? text : [],
          );
          deepEqual(
            (await scanned(store, at(seq))).map((chunk) => chunk.text),
            text,
          );
          equal(await store.count(at(seq)), text.length);
        }
      },
    ),
    check(
      'prepare takes back a commit that never happened, and keeps one that did',
      open,
      async (store, reopen) => {
        const [kept, extra] = [row('kept', 0, [1, 0, 0]), row('extra', 0, [1, 0, 0])];
        await commit(store, 1, [kept]);
        await store.remove(['kept'], at(2));
        await store.add([extra], at(2));
        // As after kill -9: no flush, nothing said to the catalogue.
        const again = await reopen();
        await again.prepare({ generation: 1, dimensions: 3, committedSeq: 1 });
        deepEqual(ids(await find(again, kept, at(1))), ['kept#0']);
        deepEqual(ids(await find(again, kept, at(9))), ['kept#0']);
        await again.prepare({ generation: 1, dimensions: 3, committedSeq: 1 });
        equal(await again.count(at(9)), 1);
        // The same number again, for another commit.
        await commit(again, 2, [row('other', 0, [0, 1, 0])]);
        deepEqual(
          (await scanned(again, at(2))).map((chunk) => chunk.id),
          ['kept#0', 'other#0'],
        );
      },
    ),
    check('removed rows are deleted for good once that is safe', open, async (store, reopen) => {
      await commit(store, 1, [row('a', 0, [1, 0, 0]), row('b', 0, [0, 1, 0])]);
      await store.remove(['a'], at(2));
      await store.flush();
      equal(await store.count(at(1)), 2);
      await store.maintain(at(2));
      equal(await store.count(at(1)), 1);
      const again = await reopen();
      await again.prepare({ generation: 1, dimensions: 3, committedSeq: 2 });
      deepEqual(
        (await scanned(again, at(2))).map((chunk) => chunk.id),
        ['b#0'],
      );
    }),
    check('a purge leaves what is visible', open, async (store) => {
      if (!store.purge) return;
      await commit(store, 1, [row('a', 0, [1, 0, 0]), row('b', 0, [0, 1, 0])]);
      await store.maintain(at(1));
      await store.remove(['a'], at(2));
      await store.flush();
      await store.purge(at(2));
      equal(await store.count(at(1)), 1);
      deepEqual(ids(await find(store, row('b', 0, [0, 1, 0]), at(2))), ['b#0']);
      await commit(store, 3, [row('c', 0, [0, 1, 0])]);
      deepEqual(ids(await find(store, row('b', 0, [0, 1, 0]), at(3))).sort(), ['b#0', 'c#0']);
    }),
    check('gives vectors when asked', open, async (store) => {
      const asked = row('a', 0, [0.5, -0.25, 3]);
      await commit(store, 1, [asked]);
      const options = { at: at(1), limit: 1 };
      const search = (withVectors: boolean) =>
        isVectorStore(store)
          ? store.searchVector(asked.vector, { ...options, withVectors })
          : (store as unknown as LexicalIndex).searchTerms(asked.terms, { ...options, withVectors });
      deepEqual((await search(true))[0]?.vector, asked.vector);
      equal((await search(false))[0]?.vector, undefined);
    }),
    check(
      'a scan gives all rows in order of document and ordinal, or each so many-th',
      open,
      async (store) => {
        // More than are read at once, written in another order.
        const documents = ['a', 'b', 'B', 'é', '請', '\uffee', '🦶'];
        const rows = documents.flatMap((id, d) =>
          Array.from({ length: 190 }, (_, i) => row(id, (i * 71) % 190, formulaVector(190 * d + i))),
        );
        const expected = rows.toSorted(
          (a, b) =>
            Buffer.compare(Buffer.from(a.documentId), Buffer.from(b.documentId)) || a.ordinal - b.ordinal,
        );
        for (let from = 0; from < rows.length; from += 250)
          await store.add(rows.slice(from, from + 250).reverse(), at(1));
        await store.flush();
        await store.maintain(at(1));
        await commit(store, 2, [row('c', 0, [1, 0, 0])]);
        const inOrder = (scan: readonly { chunk: StoredChunk }[]) => scan.map(({ chunk }) => chunk.id);
        for (const every of [1, 2, 7]) {
          const found = await Array.fromAsync(store.scan(at(1), undefined, { every, withVectors: true }));
          const wanted = expected.filter((_, i) => i % every === 0);
          deepEqual(
            inOrder(found),
            wanted.map(({ id }) => id),
          );
          // Some servers keep directions and lengths apart, and round.
          for (const [i, { vector }] of found.entries())
            ok(
              vector!.every((value, j) => Math.abs(value - wanted[i]!.vector[j]!) < 1e-6),
              wanted[i]!.id,
            );
        }
        const filtered = await Array.fromAsync(store.scan(at(1), { documentIds: ['é', 'b'] }));
        deepEqual(
          inOrder(filtered),
          expected.filter(({ documentId }) => ['é', 'b'].includes(documentId)).map(({ id }) => id),
        );
        deepEqual(new Set(filtered.map(({ vector }) => vector)), new Set([undefined]));
        // What stops early leaves nothing behind that is in the way of the next.
        for await (const { chunk } of store.scan(at(1))) {
          equal(chunk.id, expected[0]!.id);
          break;
        }
        const aborted = store.scan(at(1), undefined, { signal: AbortSignal.abort() });
        await rejects(Array.fromAsync(aborted), { name: 'AbortError' });
        equal(await store.count(at(2)), rows.length + 1);
      },
    ),
    check('filters by document, access label and metadata', open, async (store) => {
      const rows = ['a', 'b', `c'); DROP "x\\`].map((id, i) =>
        row(id, 0, [1, i / 10, 0], {
          access: `label ${i % 2}`,
          metadata: {
            year: `202${i}`,
            "it's": `"quoted" \\ ${i}`,
            ...(i === 1 && { only: 'b', 'a.b $in': 'dotted' }),
          },
        }),
      );
      await commit(store, 1, rows);
      const found = async (filter: object) => {
        const hits = ids(await find(store, { ...rows[0]!, terms: ['words', 'of'] }, at(1), filter)).sort();
        deepEqual(
          (await scanned(store, at(1), filter)).map((chunk) => chunk.id),
          hits,
        );
        equal(await store.count(at(1), filter), hits.length);
        return hits;
      };
      const [a, b, c] = rows.map(({ id }) => id) as [string, string, string];
      const { documentId } = rows[2]!;
      deepEqual(await found({}), [a, b, c]);
      deepEqual(await found({ documentIds: ['b', documentId, 'none'] }), [b, c]);
      deepEqual(await found({ documentIds: [] }), []);
      deepEqual(await found({ excludeDocumentIds: ['b'] }), [a, c]);
      deepEqual(await found({ excludeDocumentIds: [documentId, 'a'] }), [b]);
      deepEqual(await found({ excludeDocumentIds: [] }), [a, b, c]);
      deepEqual(await found({ access: ['label 1'] }), [b]);
      deepEqual(await found({ access: ['label 0', 'label 1', 'label 2'] }), [a, b, c]);
      deepEqual(await found({ access: [] }), []);
      deepEqual(await found({ access: ['label'] }), []);
      deepEqual(await found({ documentIds: ['a', 'b'], access: ['label 0'] }), [a]);
      deepEqual(await found({ metadata: { year: '2021' } }), [b]);
      deepEqual(await found({ metadata: { year: ['2020', '2022'] } }), [a, c]);
      deepEqual(await found({ metadata: { year: [] } }), []);
      deepEqual(await found({ metadata: {} }), [a, b, c]);
      deepEqual(await found({ metadata: { "it's": '"quoted" \\ 0' } }), [a]);
      deepEqual(await found({ metadata: { only: 'b' } }), [b]);
      deepEqual(await found({ metadata: { only: 'a' } }), []);
      deepEqual(await found({ metadata: { 'a.b $in': 'dotted' } }), [b]);
      deepEqual(await found({ metadata: { year: ['2020', '2021'], "it's": '"quoted" \\ 1' } }), [b]);
      deepEqual(await found({ metadata: { year: '2022' }, access: ['label 1'] }), []);
    }),
    check('a label that nobody gave is held by nobody', open, async (store) => {
      const secret = row('secret', 0, [1, 0, 0], { access: 'board' });
      await commit(store, 1, [secret, row('open', 0, [0, 1, 0], { text: secret.text })]);
      deepEqual(ids(await find(store, secret, at(1), { access: ['public'] })), ['open#0']);
      // The document's label changes: a new version of it, visible from its commit on, the old label no longer.
      await store.remove(['secret'], at(2));
      await store.add([{ ...secret, access: 'public' }], at(2));
      await store.flush();
      deepEqual(ids(await find(store, secret, at(2), { access: ['board'] })), []);
      deepEqual(ids(await find(store, secret, at(2), { access: ['public'] })).sort(), ['open#0', 'secret#0']);
    }),
    check('any text comes back as it was', open, async (store) => {
      const texts = [
        '👩‍⚕️ 𝛼 e\u0301 é ｆｕｌｌ',
        'שלום עולם',
        'नमस्ते',
        '日本語 한국어',
        '\u200b\ufeff\u202e',
        'a\tb\r\nc',
        '\u0000x',
        '"\\\'`%_$',
        'x'.repeat(20_000),
      ];
      const rows = texts.map((text, i) =>
        row(`d${i} ${[...text].slice(0, 6).join('').replace('\0', '')}`, 0, [1, i, 0], {
          text,
          title: text.slice(0, 50),
          metadata: { note: text.slice(0, 50) },
          terms: ['words', String(i)],
        }),
      );
      await commit(store, 1, rows);
      const stored = await scanned(store, at(1));
      for (const { terms: _, vector: __, ...expected } of rows)
        deepEqual(
          stored.find(({ id }) => id === expected.id),
          { ...expected, addedSeq: 1 },
        );
      equal(await store.count(at(1), { documentIds: [rows[0]!.documentId] }), 1);
    }),
    check('what is written twice is there once', open, async (store) => {
      const rows = [row('a', 0, [1, 0, 0]), row('a', 1, [1, 0.1, 0])];
      await store.add(rows, at(1));
      await store.add(
        [rows[0]!, { ...rows[1]!, text: 'other words of a', terms: ['other', 'words'] }],
        at(1),
      );
      await store.flush();
      await store.maintain(at(1));
      equal(await store.count(at(1)), 2);
      deepEqual(
        (await scanned(store, at(1))).map(({ text }) => text),
        ['words of a', 'other words of a'],
      );
      deepEqual(ids(await find(store, rows[0]!, at(1))).sort(), ['a#0', 'a#1']);
    }),
    check('writers in two processes at once lose nothing and double nothing', open, async (store) => {
      const before = ['one', 'two'].flatMap((who) => writerRows(`${who} before`, 1));
      await commit(store, 1, before);
      await using writers = new AsyncDisposableStack();
      const started = ['one', 'two'].map((who) => writers.use(startWriter(open, lastPlace, 'share', who)));
      await Promise.all(started.map((writer) => writer.says('ready')));
      for (const writer of started) writer.tell('go');
      await Promise.all(started.map((writer) => writer.says('done')));
      const expected = ['one', 'two', 'both'].flatMap((who) => writerRows(who, 2)).map(({ id }) => id);
      deepEqual((await scanned(store, at(2))).map(({ id }) => id).sort(), expected.sort());
      deepEqual((await scanned(store, at(1))).map(({ id }) => id).sort(), before.map(({ id }) => id).sort());
      equal(await store.count(at(2)), expected.length);
    }),
    check('a writer killed in mid-write leaves what it had committed', open, async (store, reopen) => {
      for (const delay of [0, 40, 150]) {
        await using writer = startWriter(open, lastPlace, 'commit forever', `killed after ${delay}`);
        await writer.says('committed 2');
        await new Promise((resolve) => setTimeout(resolve, delay));
        const said = await writer.kill();
        await isAtRest(store, at(notRemoved - 1));
        const committedSeq = Number(said.findLast((line) => line.startsWith('committed'))!.split(' ')[1]);
        await using again = await open.open(lastPlace);
        // Each commit of this writer replaces the one before it.
        const expected = writerRows('endless', committedSeq);
        await afterLastRequest(open, async () => {
          await again.prepare({ generation: 1, dimensions: 3, committedSeq });
          deepEqual(
            (await scanned(again, at(committedSeq + 1))).map(({ id, text }) => [id, text]),
            expected.map(({ id, text }) => [id, text]).sort(),
          );
        });
        const found = ids(await find(again, expected[0]!, at(committedSeq)));
        deepEqual(found.sort(), expected.map(({ id }) => id).sort());
        await afterLastRequest(open, async () => {
          await again.prepare({ generation: 1, dimensions: 3, committedSeq: 0 });
          equal(await (await reopen()).count(at(committedSeq + 1)), 0);
          equal(await store.count(at(99)), 0);
        });
      }
    }),
    check(
      'a new generation starts empty, may have other dimensions, and ends the one before',
      open,
      async (store) => {
        await commit(store, 1, [row('a', 0, [1, 0, 0])]);
        await store.prepare({ generation: 2, dimensions: 2, committedSeq: 1 });
        equal(await store.count({ generation: 2, seq: 1 }), 0);
        await store.add([row('a', 0, [1, 0])], { generation: 2, seq: 2 });
        equal(await store.count({ generation: 2, seq: 2 }), 1);
        equal(await store.count(at(1)), 0);
        await rejects(find(store, row('a', 0, [1, 0, 0]), at(1)), { code: 'index_missing' });
        await rejects(scanned(store, at(1)), { code: 'index_missing' });
      },
    ),
    check('a place nobody wrote to has no index, and says so', open, async (_store, _reopen, empty) => {
      const store = await empty();
      equal(await store.count(at(1)), 0);
      await rejects(find(store, row('a', 0, [1, 0, 0]), at(1)), { code: 'index_missing' });
      await rejects(scanned(store, at(1)), { code: 'index_missing' });
    }),
    check('a reader sees what another connection commits', open, async (store, reopen) => {
      await commit(store, 1, [row('a', 0, [1, 0, 0])]);
      const reader = await reopen();
      deepEqual(ids(await find(reader, row('a', 0, [1, 0, 0]), at(1))), ['a#0']);
      await commit(store, 2, [row('b', 0, [1, 0, 0])]);
      await store.maintain(at(2));
      equal(await reader.count(at(2)), 2);
      deepEqual(ids(await find(reader, { ...row('b', 0, [1, 0, 0]) }, at(2))).sort(), ['a#0', 'b#0']);
    }),
    check('an aborted search rejects', open, async (store) => {
      await commit(store, 1, [row('a', 0, [1, 0, 0])]);
      const searching = abortedSearch(store);
      await rejects(searching, { name: 'AbortError' });
    }),
  ];
}

/**
 * A server may still be at work on the last request of a client that is gone, on a busy machine for a second and more; a writer
 * that comes next must not outrun it (docs/stores.md). At rest: for two seconds no row has come or gone.
 */
async function isAtRest(store: ChunkTable, all: Snapshot): Promise<void> {
  for (let [rows, since] = [-1, performance.now()]; performance.now() - since < 2000; ) {
    const now = await store.count(all);
    if (now !== rows) [rows, since] = [now, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Two quiet seconds are no proof: a disk may hold a write longer than that. Where the server may finish late, `prepare` takes back
 * once the request has arrived, and the check is repeated, for a minute at most; elsewhere it must hold at once.
 */
async function afterLastRequest(
  { finishesLate }: ConformanceTarget<ChunkTable>,
  check: () => Promise<void>,
): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; ) {
    try {
      return await check();
    } catch (error) {
      if (!finishesLate || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function abortedSearch(store: ChunkTable): Promise<unknown> {
  const options = { at: at(1), limit: 1, signal: AbortSignal.abort() };
  return isVectorStore(store)
    ? store.searchVector(Float32Array.of(1, 0, 0), options)
    : (store as unknown as LexicalIndex).searchTerms(['a'], options);
}

const isVectorStore = (store: ChunkTable): store is VectorStore => 'searchVector' in store;

/** Each finds only the row "far" of those that the check wrote. */
const narrowFilters = [
  { documentIds: ['far'] },
  { access: ['public'] },
  { access: ['public', 'nobody'] },
  { metadata: { kind: 'rare' } },
  { excludeDocumentIds: Array.from({ length: 50 }, (_, i) => `near${i}`) },
];

let places = 0;
/** Of the check that runs: checks run one after the other. */
let lastPlace = '';

/** One check in a place of its own, with a prepared store of three dimensions; all it opened is disposed afterwards. */
function check<Store extends ChunkTable>(
  name: string,
  open: Open<Store>,
  body: (store: Store, reopen: () => Promise<Store>, empty: () => Promise<Store>) => Promise<void>,
): ConformanceCheck {
  return {
    name,
    async run() {
      await using opened = new AsyncDisposableStack();
      const place = `place-${process.pid}-${places++}`;
      lastPlace = place;
      const openHere = async (where: string) => opened.use(await open.open(where));
      const store = await openHere(place);
      await store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 });
      await body(
        store,
        () => openHere(place),
        () => openHere(`${place}-empty`),
      );
    },
  };
}

const at = (seq: number): Snapshot => ({ generation: 1, seq });
const ids = (found: ScoredChunk[]) => found.map(({ chunk }) => chunk.id);

const scanned = async (store: ChunkTable, at: Snapshot, filter?: ChunkFilter): Promise<StoredChunk[]> =>
  (await Array.fromAsync(store.scan(at, filter))).map(({ chunk }) => chunk);

async function commit(store: ChunkTable, seq: number, rows: ChunkRow[]): Promise<void> {
  await store.add(rows, at(seq));
  await store.flush();
}

/**
 * What a process of its own writes: `conformance-writer.ts` and the checks above know the same rows by who wrote them
 * and in which commit.
 */
export function writerRows(who: string, seq: number): ChunkRow[] {
  return Array.from({ length: 8 }, (_, i) =>
    row(`${who} ${i % 4}`, Math.floor(i / 4), formulaVector(i), { text: `words of ${who} in commit ${seq}` }),
  );
}

interface Writer extends AsyncDisposable {
  /** Resolves when the process has said this line. */
  says(line: string): Promise<void>;
  tell(line: string): void;
  /** Kills it in whatever it is doing. All that it had said. */
  kill(): Promise<string[]>;
}

function startWriter(open: ConformanceTarget<ChunkTable>, place: string, ...how: string[]): Writer {
  const script = new URL(`./conformance-writer${path.extname(import.meta.filename)}`, import.meta.url);
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(script), open.module, place, ...how], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  let errors = '';
  let heard = () => {};
  const ended = Promise.all([once(child, 'exit'), once(child.stdout!, 'close')]);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    said.push(line);
    heard();
  });
  child.stderr!.on('data', (data) => {
    errors += data;
  });
  return {
    async says(line) {
      const failed = ended.then(() => {
        if (!said.includes(line)) throw new Error(`The writer ended before it said "${line}": ${errors}`);
      });
      while (!said.includes(line))
        await Promise.race([failed, new Promise<void>((resolve) => (heard = resolve))]);
      failed.catch(() => {});
    },
    tell: (line) => child.stdin!.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL');
      await ended;
      return said;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function row(
  documentId: string,
  ordinal: number,
  vector: number[],
  change: Partial<ChunkRow> = {},
): ChunkRow {
  const text = change.text ?? `words of ${documentId}`;
  return {
    id: `${documentId}#${ordinal}`,
    documentId,
    ordinal,
    start: 10,
    end: 10 + text.length,
    text,
    headingPath: [`Title of ${documentId}`, 'A "quoted" heading'],
    page: 1,
    uri: `file:///${documentId}`,
    title: `Title of ${documentId}`,
    access: 'public',
    terms: text.split(/\s+/),
    vector: Float32Array.from(vector),
    ...change,
  };
}

const formulaVector = (seed: number) => [
  Math.sin(seed * 12.9898),
  Math.cos(seed * 78.233),
  Math.sin(seed * 37.719),
];

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
