import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Passage } from '../core/types/document.ts';
import { mapCitations, withoutMarkers, withPages } from './citations.ts';

const passage = (text: string, start = 100, documentId = 'doc'): Passage => ({
  id: `${documentId}#0`,
  documentId,
  ordinal: 0,
  start,
  end: start + text.length,
  text,
  headingPath: ['Title'],
  uri: `${documentId}.md`,
  title: 'Title',
  rank: 1,
  score: 1,
  scores: {},
});

const source = 'Gout is a kind of arthritis. It is caused by uric acid crystals. Attacks come at night.';

describe('mapCitations', () => {
  test('the same words are found where they stand', () => {
    const { citations } = mapCitations('Gout: It is caused by uric acid crystals. [1]', [passage(source)]);
    expect(citations).toHaveLength(1);
    expect(citations[0]).toMatchObject({
      marker: 1,
      documentId: 'doc',
      quote: 'It is caused by uric acid crystals.',
    });
    expect(citations[0]!.start).toBe(100 + source.indexOf('It is caused'));
  });

  test('a sentence in other words gets the sentence it shares most with', () => {
    const { citations } = mapCitations('Crystals of uric acid cause it [1].', [passage(source)]);
    expect(citations[0]!.quote).toBe('It is caused by uric acid crystals.');
    expect(citations[0]!.sentence).toBe('Crystals of uric acid cause it.');
  });

  test('a sentence that the passage does not say cites the passage as a whole', () => {
    const { citations } = mapCitations('Bananas are yellow. [1]', [passage(source)]);
    expect(citations[0]!.quote).toBe(source);
  });

  test('a marker before or after the full stop belongs to the same sentence', () => {
    const other = 'The liver makes bile. Bile digests fat.';
    for (const text of [
      'Attacks come at night [1]. The liver makes bile [2].',
      'Attacks come at night. [1] The liver makes bile. [2]',
    ]) {
      const { citations } = mapCitations(text, [passage(source), passage(other, 0, 'other')]);
      expect(citations.map(({ marker, sentence }) => [marker, sentence])).toEqual([
        [1, 'Attacks come at night.'],
        [2, 'The liver makes bile.'],
      ]);
    }
  });

  test('several numbers in one marker, and in several markers', () => {
    const passages = [passage(source), passage(source, 0, 'twin')];
    expect(
      mapCitations('Attacks come at night [1, 2].', passages).citations.map(({ documentId }) => documentId),
    ).toEqual(['doc', 'twin']);
    expect(
      mapCitations('Attacks come at night [1][2].', passages).citations.map(({ documentId }) => documentId),
    ).toEqual(['doc', 'twin']);
  });

  test('a number without a passage dangles', () => {
    expect(mapCitations('Gout hurts. [7] [0]', [passage(source)])).toEqual({
      citations: [],
      dangling: [7, 0],
    });
  });

  test('every citation is a slice of its passage, whatever the texts are', () => {
    const sentence = fc.stringMatching(/^[A-Za-zé0-9 ,'"-]{1,60}$/);
    fc.assert(
      fc.property(
        fc.array(sentence, { minLength: 1, maxLength: 5 }),
        fc.array(sentence, { minLength: 1, maxLength: 4 }),
        fc.nat(500),
        (said, written, start) => {
          const text = `${said.join('. ')}.`;
          const answer = written.map((part, index) => `${part}. [${(index % 3) + 1}]`).join(' ');
          const { citations, dangling } = mapCitations(answer, [passage(text, start), passage(text, 0, 'b')]);
          for (const { start: from, end, quote, marker } of citations) {
            const offset = marker === 1 ? start : 0;
            expect(text.slice(from - offset, end - offset)).toBe(quote);
            expect(end).toBeGreaterThan(from);
          }
          expect(dangling.every((marker) => marker === 3)).toBe(true);
        },
      ),
    );
  });
});

test('withoutMarkers leaves a text as it would be without them', () => {
  expect(withoutMarkers('One. [1] Two [2, 3]. Three [1][2], four [2–4] [ 5-6 ].')).toBe(
    'One. Two. Three, four.',
  );
  expect(withoutMarkers('[1] Hours : 9  to 5 [sic], since [2020].')).toBe(
    'Hours : 9  to 5 [sic], since [2020].',
  );
});

test('a range of markers cites each passage of it', () => {
  const three = ['One.', 'Two.', 'Three.'].map((text, at) => passage(text, 0, `d${at}`));
  for (const marker of ['[1-3]', '[1–3]', '[ 1, 2-3 ]']) {
    const { citations, dangling } = mapCitations(`Three. ${marker}`, three);
    expect(citations.map(({ documentId }) => documentId)).toEqual(['d0', 'd1', 'd2']);
    expect(dangling).toEqual([]);
  }
  expect(mapCitations('Three. [2-5]', three).dangling).toEqual([4, 5]);
  // No range: what it names is what is written.
  expect(mapCitations('Three. [3-1]', three).citations.map(({ marker }) => marker)).toEqual([3, 1]);
  expect(mapCitations('Three. [1-999]', three).dangling).toEqual([999]);
});

test('a quote of a PDF has its place on the page, one of a page without positions none', async () => {
  const text = 'Gout hurts. It passes.';
  const document = (lines?: number[]) => ({
    text,
    blocks: [{ kind: 'paragraph', start: 0, end: text.length, ...(lines && { lines }) }],
  });
  const documents = new Map([
    ['paper.pdf', document([0, 3, 100, 200, 320, 212])],
    ['note.md', document()],
  ]);
  const citation = (documentId: string) => ({
    marker: 1,
    documentId,
    uri: documentId,
    start: 12,
    end: 22,
    quote: 'It passes.',
    sentence: 'It passes.',
  });
  const [paper, note] = await withPages([citation('paper.pdf'), citation('note.md')], {
    getMany: async () => documents as never,
  });
  expect(paper!.pages).toEqual([{ page: 3, rectangles: [{ left: 220, top: 200, width: 100, height: 12 }] }]);
  expect(note).not.toHaveProperty('pages');
});
