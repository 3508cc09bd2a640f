import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Passage } from '../core/types/document.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { makeSmallIndex, type SmallIndex } from './small-index.fixture.ts';

/** What a search promises holds for the passages that are handed on, not for what was found on the way to them. */

const more = 'Whoever has a question about it asks the doctor at the next visit. ';
const documents = {
  'gout.md': `# Gout

## Symptoms

Sudden attacks of severe pain in a joint, most often the big toe. ${more.repeat(3)}

## Causes

Uric acid forms crystals in the joint. ${more.repeat(3)}
`,
  'asthma.md': `# Asthma

## Symptoms

Wheezing, coughing and a tight chest, most often at night. ${more.repeat(3)}

## Causes

Pollen, dust and cold air narrow the airways. ${more.repeat(3)}
`,
  'canteen.md': `# Canteen

The canteen opens at eleven. ${more.repeat(3)}
`,
};

let whole: SmallIndex;
let children: SmallIndex;
beforeAll(async () => {
  whole = await makeSmallIndex(documents);
  children = await makeSmallIndex(documents, {
    strategy: 'parent-child',
    maxTokens: 96,
    overlapTokens: 0,
    childTokens: 24,
  });
});
afterAll(async () => {
  await whole?.[Symbol.asyncDispose]();
  await children?.[Symbol.asyncDispose]();
});

const both = 'How do I recognise gout and asthma?';
const two = 'When does the canteen open? What causes gout?';
const tokens = (passages: readonly Passage[]) => {
  const { countTokens } = localToolsOf(whole.embedder)!;
  return passages.reduce((sum, { prefix = '', text }) => sum + countTokens(`${prefix}\n${text}`), 0);
};

describe('of several things asked, the passages that are handed on are counted', () => {
  test.each([both, two])('%s: larger spans in place of small chunks', async (question) => {
    const { passages, parts } = await children.retriever.retrieve(question, { k: 2 });
    expect(passages).toHaveLength(2);
    expect(parts?.map((part) => part.passages)).toEqual([1, 1]);
  });

  test.each([both, two])('%s: what a budget leaves out is not counted', async (question) => {
    const { passages, parts } = await whole.retriever.retrieve(question, { k: 4, maxTokens: 90 });
    expect(passages).toHaveLength(1);
    expect(parts?.map((part) => part.passages).toSorted()).toEqual([0, 1]);
  });
});

describe('a question with what it was rewritten to', () => {
  const searchQuery = 'asthma triggers';

  test('keeps to the budget of one', async () => {
    const options = { k: 4, searchQuery };
    const unbounded = await whole.retriever.retrieve('What is gout caused by?', options);
    expect(unbounded.passages).toHaveLength(4);
    const { passages } = await whole.retriever.retrieve('What is gout caused by?', {
      ...options,
      maxTokens: 90,
    });
    expect(passages.length).toBeGreaterThan(0);
    expect(tokens(passages)).toBeLessThanOrEqual(90);
  });

  test('finds what either finds, each span once, best first', async () => {
    for (const { retriever } of [whole, children]) {
      const { passages } = await retriever.retrieve('What is gout caused by?', { k: 4, searchQuery });
      expect(new Set(passages.slice(0, 2).map(({ documentId }) => documentId))).toEqual(
        new Set(['gout.md', 'asthma.md']),
      );
      expect(passages.map(({ rank }) => rank)).toEqual([1, 2, 3, 4]);
      expect(new Set(passages.map(({ documentId, start }) => `${documentId} ${start}`)).size).toBe(4);
      expect(passages.map(({ score }) => score)).toEqual(
        passages.map(({ score }) => score).toSorted((a, b) => b - a),
      );
    }
  });

  test('tells of each thing that the question names, though the rewrite lost one', async () => {
    const { passages, parts } = await whole.retriever.retrieve(both, { k: 4, searchQuery: 'gout symptoms' });
    expect(parts?.map(({ name }) => name).toSorted()).toEqual(['Asthma', 'Gout']);
    for (const part of parts!)
      expect(part.passages).toBe(
        passages.filter(({ documentId }) => documentId === `${part.name.toLowerCase()}.md`).length,
      );
    expect(parts!.every((part) => part.passages > 0)).toBe(true);
  });

  test('explains each passage that is handed on, and no other', async () => {
    const { passages, explanation } = await whole.retriever.retrieve(both, {
      k: 3,
      searchQuery,
      explain: true,
      maxTokens: 180,
    });
    expect(passages.length).toBeLessThan(3);
    expect(explanation!.passages.map(({ id }) => id)).toEqual(passages.map(({ id }) => id));
  });
});
