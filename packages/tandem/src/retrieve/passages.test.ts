import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Passage } from '../core/types/document.ts';
import type { StoredChunk } from '../store/chunk-table.ts';
import { packPassages, withNeighbours } from './passages.ts';

const text = Array.from({ length: 9 }, (_, at) => `Sentence ${at}.`).join(' ');
const chunk = (ordinal: number): StoredChunk => ({
  id: `d#${ordinal}`,
  documentId: 'd',
  ordinal,
  start: ordinal * 12,
  end: ordinal * 12 + 11,
  text: text.slice(ordinal * 12, ordinal * 12 + 11),
  headingPath: ['D', ordinal < 5 ? 'One' : 'Two'],
  uri: 'd.md',
  title: 'D',
  access: 'public',
  addedSeq: 1,
});
const chunks = Array.from({ length: 9 }, (_, at) => chunk(at));
const passage = (ordinal: number, rank = 1): Passage => {
  const { access: _, addedSeq: __, ...rest } = chunk(ordinal);
  return { ...rest, rank, score: 1, scores: {} };
};
const widened = (passages: Passage[], before = 1, after = 1) =>
  withNeighbours(passages, {
    store: {
      async *scan() {
        for (const chunk of chunks) yield { chunk };
      },
    },
    at: { generation: 1, seq: 1 },
    textOf: async () => text,
    before,
    after,
  });

describe('neighbours', () => {
  test('of the same section only, joined to an exact slice', async () => {
    expect((await widened([passage(2)])).map(({ text }) => text)).toEqual([
      'Sentence 1. Sentence 2. Sentence 3.',
    ]);
    expect((await widened([passage(4)])).map(({ text }) => text)).toEqual(['Sentence 3. Sentence 4.']);
    expect((await widened([passage(5)], 9, 9))[0]).toMatchObject({ start: 60, end: text.length });
  });

  test('a passage that one before took in is not there twice, and ranks have no holes', async () => {
    const wider = await widened([passage(2), passage(3), passage(7)]);
    expect(wider.map(({ id, rank }) => [id, rank])).toEqual([
      ['d#2', 1],
      ['d#7', 2],
    ]);
  });
});

describe('a budget of tokens', () => {
  const countTokens = (words: string) => words.split(/\s+/).filter(Boolean).length;

  test('the best that fit, whole', () => {
    const { passages, tokens, leftOut } = packPassages(
      [passage(0), { ...passage(1), text: 'word '.repeat(50) }, passage(2)],
      { maxTokens: 10, countTokens, perPassage: 1 },
    );
    expect(passages.map(({ id, rank }) => [id, rank])).toEqual([
      ['d#0', 1],
      ['d#2', 2],
    ]);
    expect({ tokens, leftOut }).toEqual({ tokens: 6, leftOut: 1 });
  });

  test('is never exceeded', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), fc.nat(60), (lengths, maxTokens) => {
        const all = lengths.map((length, at) => ({
          ...passage(0),
          id: String(at),
          text: 'w '.repeat(length),
        }));
        const { passages, tokens, leftOut } = packPassages(all, { maxTokens, countTokens, perPassage: 2 });
        expect(tokens).toBeLessThanOrEqual(maxTokens);
        expect(passages.length + leftOut).toBe(all.length);
      }),
    );
  });
});
