import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHit } from '../core/span-overlap.ts';
import type { Passage } from '../core/types/document.ts';
import type { Case } from '../core/types/example.ts';
import { evaluateRetrieval, failureCounts } from './retrieval.ts';

/** A document of ten passages of ten characters each; the answer is in the fourth and fifth. */
const passage = (documentId: string, at: number, text = `text ${at}`): Passage => ({
  id: `${documentId}#${at}`,
  documentId,
  ordinal: at,
  start: at * 10,
  end: at * 10 + 10,
  text,
  headingPath: [documentId],
  uri: documentId,
  title: documentId,
  rank: at,
  score: 0,
  scores: {},
});
const source = { documentId: 'gout', start: 30, end: 50 };
const aCase = (id: string, group = id): Case => ({
  id,
  question: `question ${id}`,
  expected: 'x',
  group,
  source,
});
const measure = (
  found: Record<string, Passage[]>,
  options: { compared?: Passage[]; index?: Passage[] } = {},
) =>
  evaluateRetrieval({
    cases: Object.keys(found).map((id) => aCase(id)),
    retrieve: async (question) => ({
      passages: found[question.split(' ')[1]!]!,
      ...(options.compared && {
        explanation: { compared: options.compared.map((chunk) => ({ chunk })) } as never,
      }),
    }),
    passagesOf: async () => options.index ?? [passage('gout', 3), passage('gout', 4)],
  });

test('recall, nDCG and MRR by the rank of the first passage in the source', async () => {
  const others = Array.from({ length: 12 }, (_, at) => passage('other', at));
  const result = await measure({
    first: [passage('gout', 3), ...others],
    fourth: [...others.slice(0, 3), passage('gout', 4)],
    twelfth: [...others.slice(0, 11), passage('gout', 3)],
  });
  expect(result!.recall[1]!.value).toBeCloseTo(1 / 3);
  expect(result!.recall[3]!.value).toBeCloseTo(1 / 3);
  expect(result!.recall[5]!.value).toBeCloseTo(2 / 3);
  expect(result!.recall[10]!.value).toBeCloseTo(2 / 3);
  expect(result!.mrr.value).toBeCloseTo((1 + 1 / 4) / 3);
  expect(result!.ndcg.value).toBeCloseTo((1 + 1 / Math.log2(5)) / 3);
  expect(result).toMatchObject({ cases: 3, groups: 3, withoutSource: [] });
  expect(result!.failures.map(({ id }) => id)).toEqual(['twelfth']);
});

describe('why an answer was not found', () => {
  const kind = async (found: Passage[], options = {}) =>
    (await measure({ one: found }, options))!.failures[0]?.kind;
  const index = [passage('gout', 3, 'uric acid one'), passage('gout', 4, 'crystals')];

  test('each reason', async () => {
    expect(await kind([passage('other', 1)], { index: [] })).toBe('not indexed');
    // A quarter of the answer is at the end of a passage about something else.
    const beside = { ...passage('gout', 0, 'uric'), start: 0, end: 35 };
    expect(await kind([beside], { index: [beside, ...index] })).toBe('cut by chunking');
    // Nothing was found: however the answer was cut, that is not why.
    expect(await kind([passage('other', 1)], { index: [beside] })).toBe('vocabulary');
    expect(await kind([passage('other', 1)], { index: [beside], compared: [beside] })).toBe('ranked too low');
    expect(await kind([passage('gout', 8)], { index })).toBe('right document, wrong section');
    expect(await kind([passage('other', 1)], { index, compared: index })).toBe('ranked too low');
    expect(await kind([passage('other', 1)], { index })).toBe('not found');
    expect(await kind([passage('other', 1)], { index: index.slice(1) })).toBe('vocabulary');
    expect(await kind([passage('gout', 3)], { index })).toBeUndefined();
  });

  test('counted, most first', () => {
    const failure = (kind: 'vocabulary' | 'not found') => ({ id: '', question: '', kind, expected: source });
    expect(failureCounts([failure('vocabulary'), failure('not found'), failure('not found')])).toEqual([
      { kind: 'not found', count: 2 },
      { kind: 'vocabulary', count: 1 },
    ]);
  });
});

test('cases without a source are named, and none is measured where none has one', async () => {
  const { source: _, ...without } = aCase('b');
  const options = { retrieve: async () => ({ passages: [passage('gout', 3)] }), passagesOf: async () => [] };
  expect(await evaluateRetrieval({ ...options, cases: [aCase('a'), without] })).toMatchObject({
    cases: 1,
    withoutSource: ['b'],
  });
  expect(await evaluateRetrieval({ ...options, cases: [without] })).toBeUndefined();
});

test('a sentence of sixty characters is found by the passage of six hundred that has it, not by its neighbour', async () => {
  const sentence = { documentId: 'gout', start: 700, end: 760 };
  const passages = [0, 600, 1200].map((start) => ({ ...passage('gout', start), start, end: start + 600 }));
  const measured = (found: Passage[]) =>
    evaluateRetrieval({
      cases: [{ ...aCase('one'), source: sentence }],
      retrieve: async () => ({ passages: found }),
      passagesOf: async () => [passages[1]!],
    });
  expect((await measured([passages[2]!, passages[1]!]))!.mrr.value).toBe(0.5);
  const missed = await measured([passages[0]!, passages[2]!]);
  expect(missed!.failures).toMatchObject([{ kind: 'right document, wrong section' }]);
  expect((await measured([passage('other', 1)]))!.failures).toMatchObject([{ kind: 'vocabulary' }]);
});

test('what was never ingested is a miss, whatever is found', async () => {
  const { source: _, ...without } = aCase('b');
  const result = await evaluateRetrieval({
    cases: [aCase('a'), { ...without, notIndexed: { documentId: 'lost', section: 'Causes' } }],
    retrieve: async () => ({ passages: [passage('gout', 3)] }),
    passagesOf: async () => [],
  });
  expect(result).toMatchObject({ cases: 2, withoutSource: [], recall: { 10: { value: 0.5 } } });
  expect(result!.failures).toMatchObject([
    { id: 'b', kind: 'not indexed', expected: { documentId: 'lost', section: 'Causes' }, first: {} },
  ]);
});

test('what lies in a span or has it is a hit, what does not touch it never is', () => {
  const span = fc
    .tuple(fc.nat(100), fc.integer({ min: 1, max: 60 }))
    .map(([start, length]) => ({ start, end: start + length }));
  fc.assert(
    fc.property(span, span, (a, b) => {
      const within = a.start >= b.start && a.end <= b.end;
      const apart = a.end <= b.start || b.end <= a.start;
      expect(isHit(a, b)).toBe(isHit(b, a));
      if (within) expect(isHit(a, b)).toBe(true);
      if (apart) expect(isHit(a, b)).toBe(false);
    }),
  );
});
