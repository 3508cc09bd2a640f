import { expect, test } from 'vitest';
import type { Explanation } from '../retrieve/retrieval.ts';
import { noSignals } from '../retrieve/signals/signals.ts';
import { notFound, planText, whyText } from './explain-search.ts';

const timings = { understand: 1, embed: 2, dense: 3, lexical: 4, fuse: 5 };
const weights = { ...noSignals, meaning: 0.4, words: 0.4, names: 0.12, codes: 0.08 };
const shares = { ...noSignals, reranker: 0, repeats: 0 };
const plan: Explanation['plan'] = {
  text: 'where is the salt',
  full: 'where is the salt',
  unnamed: 'where is the salt',
  exact: [],
  linked: [],
  subjects: [],
};
const found: Explanation['passages'][number] = {
  id: 'a',
  ranks: { dense: 1, lexical: 2 },
  signals: { ...noSignals, meaning: 0.5, words: 0.5 },
  shares: { ...shares, meaning: 0.2, words: 0.2 },
};
const told = { plan, weights, isLearned: false, compared: 7, passages: [found] };
const salt: Explanation['plan']['linked'][number] = {
  documentId: 'salt.md',
  title: 'Road salt',
  name: 'Road salt',
  cover: 1,
  weight: 2,
  verbatim: false,
  isRespelt: false,
  at: [3],
};
const subject = { name: 'Road salt', documentIds: ['salt.md'], share: 1, isListed: false };

test('of a question that names nothing, only what counts is said', () => {
  expect(planText(told, timings)).toBe(
    [
      'weights: meaning 0.40, words 0.40',
      'compared: 7 passages; understand 1 ms, embed 2 ms, dense 3 ms, lexical 4 ms, fuse 5 ms',
      'A score is the sum of the numbers after it.',
    ].join('\n'),
  );
  expect(whyText(found, { documentId: 'a.md' }, told, 0.4)).toBe(
    '1st by meaning; 2nd by words.\n   0.400 = meaning 0.200 + words 0.200',
  );
});

test('what it names, what else was searched, and what counts against a passage', () => {
  const names = {
    ...told,
    plan: {
      ...plan,
      full: 'where is the salt (Road salt)',
      linked: [salt],
      subjects: [{ ...subject, asked: 'salt' }],
    },
    passages: [
      {
        ...found,
        signals: { ...found.signals, names: 1 },
        shares: { ...found.shares, names: 0.1, repeats: -0.05 },
      },
    ],
  };
  const lines = planText(names, timings).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'named: Road salt (100 % of it, salt.md)',
    'about: “salt” for “Road salt”',
    'searched: where is the salt (Road salt)',
    'weights: meaning 0.40, words 0.40, names 0.12',
  ]);
  expect(lines.at(-1)).toBe(
    'A score is the sum of the numbers after it; what is subtracted counts against the passage.',
  );
  expect(whyText(names.passages[0]!, { documentId: 'salt.md' }, names, 0.45)).toMatch(
    /^Its document is called “Road salt”; 1st by meaning; 2nd by words; moved down /,
  );
  // Where something is named it speaks against a document that it is not.
  expect(whyText(found, { documentId: 'a.md' }, names, 0.4)).toMatch(/^Its document is not named; 1st/);
});

test('a subject in its own words is said once, and nothing of scores where there are none', () => {
  const bare = {
    ...told,
    plan: { ...plan, linked: [salt], subjects: [{ ...subject, asked: 'road salt' }] },
    passages: [],
  };
  expect(planText(bare, timings)).not.toMatch(/about:|A score/);
});

test('something named of which no passage has a word', () => {
  const parts = [{ name: 'Road salt', passages: 0 }];
  expect(notFound({ parts, passages: [] })).toEqual(['No passage was found about “Road salt”.']);
  const passage = {
    ...{
      id: 'a#0',
      documentId: 'a',
      uri: 'a.md',
      title: 'Winter',
      ordinal: 0,
      start: 0,
      end: 9,
      headingPath: [],
    },
    ...{ rank: 1, score: 1, scores: {}, text: 'The road salt is in the shed.' },
  };
  expect(notFound({ parts, passages: [passage] })).toEqual([]);
});
