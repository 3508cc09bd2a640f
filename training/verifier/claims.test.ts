import { expect, test } from 'vitest';
import { seededRandom } from '../../packages/nn/src/graph/seeded-random.ts';
import type { ChosenPassage } from '../corpus/choose-passages.ts';
import { claimPair } from './claim-pair.ts';
import { corpusPairs } from './corpus-pairs.ts';
import { editsOf, namesOf } from './edits.ts';
import { reword } from './reword.ts';
import { shortenings, withoutCondition } from './shorten.ts';

const edited = (text: string, form: string, others: string[] = []) =>
  new Set(
    Array.from({ length: 40 }, (_, seed) =>
      editsOf(text, others, seededRandom(seed))
        .filter((edit) => edit.form === form)
        .map((edit) => edit.apply(text)),
    ).flat(),
  );

test('a change is of one number, date, unit, word or name, and of all of its places', () => {
  for (const text of edited('The limit of 64 files holds; 64 is the default.', 'number'))
    expect(text).toMatch(/^The limit of (\d+) files holds; \1 is the default\.$/);
  expect(edited('Version 2.10.3 was built in 2019.', 'number')).not.toContain(
    'Version 2.10.3 was built in 2020.',
  );
  for (const text of edited('It was built in 2019.', 'date')) expect(text).toMatch(/in 20[0-3]\d\.$/);
  expect(edited('It waits for 5 seconds.', 'unit')).toContain('It waits for 5 minutes.');
  expect(edited('It takes at least an hour.', 'opposite')).toEqual(new Set(['It takes at most an hour.']));
  expect(edited('The pier is open.', 'negation')).toEqual(new Set(['The pier is not open.']));
  expect(edited('The pier is not open.', 'negation')).toEqual(new Set(['The pier is open.']));
  expect(edited('It contains a list.', 'negation')).toEqual(new Set(['It does not contain a list.']));
  expect(edited('The mayor of Kiel spoke.', 'name', ['Bremen'])).toEqual(
    new Set(['The mayor of Bremen spoke.']),
  );
  expect(edited('After the war Kiel was given to the king of Prussia.', 'names exchanged')).toEqual(
    new Set(['After the war Prussia was given to the king of Kiel.']),
  );
  expect(edited('Nothing of that kind here', 'number')).toEqual(new Set());
});

test('names are capitalised inside a sentence, or parts of programs; months are none', () => {
  expect(namesOf('Boats from New Haven call max_wait in July at Dover.')).toEqual([
    'New Haven',
    'Dover',
    'max_wait',
  ]);
});

test('a shorter sentence says nothing that the longer does not', () => {
  const shorter = shortenings(
    'The office, which stands on the old pier, sells tickets (and maps of the town) because visitors ask for them.',
  );
  expect(shorter).toContain('The office sells tickets (and maps of the town) because visitors ask for them.');
  expect(shorter).toContain(
    'The office, which stands on the old pier, sells tickets because visitors ask for them.',
  );
  expect(shorter).toContain(
    'The office, which stands on the old pier, sells tickets (and maps of the town).',
  );
  expect(shortenings('The old office does not sell any tickets to visitors on Mondays.')).toEqual([]);
  expect(withoutCondition('If the tide is low, the small ferry leaves from the pier.')).toBe(
    'The small ferry leaves from the pier.',
  );
  expect(withoutCondition('The small ferry leaves from the pier.')).toBeUndefined();
});

test('other words keep numbers and names, and a condition keeps its place in the sense', () => {
  const turned = new Set(
    Array.from({ length: 30 }, (_, seed) =>
      reword('If the tide is low, the ferry to Kiel must wait 20 minutes.', seededRandom(seed)),
    ),
  );
  expect(turned).toContain('The ferry to Kiel has to wait 20 minutes if the tide is low.');
  for (const text of turned) expect(text).toMatch(/Kiel.*20 minutes/);
});

const passage = (headings: string[], ordinal: number, text: string): ChosenPassage => ({
  kind: 'guides',
  package: 'harbour',
  document: 'fees.md',
  title: 'Harbour',
  headings,
  ordinal,
  text,
});

const passages = [
  passage(
    ['Fees'],
    0,
    'A berth for a boat of up to 9 metres costs 24 euros a night. Longer boats pay 3 euros for each further metre of length.',
  ),
  passage(
    ['Dogs'],
    1,
    'Dogs are welcome on the pier and in the garden of the harbour office. They have to be on a lead near the boats of other guests.',
  ),
];

test('pairs of a document: right evidence differs from wrong, and the same document gives the same pairs', () => {
  for (let seed = 0; seed < 20; seed++) {
    const pairs = corpusPairs(passages, seededRandom(seed));
    expect(pairs).toEqual(corpusPairs(passages, seededRandom(seed)));
    expect(pairs.length).toBeGreaterThan(0);
    for (const { query, positive, negatives, wrong } of pairs) {
      expect(query).not.toBe('');
      expect(negatives.length).toBe(wrong.length);
      expect(negatives.length).toBeGreaterThan(0);
      expect(negatives).not.toContain(positive);
    }
  }
});

test('a pair has each text once, and none where no wrong evidence is left', () => {
  const of = { form: 'as written', kind: 'guides', package: 'harbour', document: 'fees.md' };
  const wrong = (text: string) => ({ text, why: 'number' });
  expect(claimPair({ claim: 'a', positive: 'b', wrong: [wrong('B '), wrong('')] }, of)).toBeUndefined();
  expect(
    claimPair({ claim: 'a', positive: 'b', wrong: [wrong('c'), wrong('C'), wrong('d')] }, of)?.negatives,
  ).toEqual(['c', 'd']);
});
