import { expect, test } from 'vitest';
import { matchMarkers } from './match-markers.ts';

const passage = (text: string, at: number) => ({
  id: `doc#${at}`,
  documentId: 'doc',
  ordinal: at,
  start: 0,
  end: text.length,
  text,
  headingPath: [],
  uri: 'doc',
  title: 'doc',
  rank: at,
  score: 1,
  scores: {},
});
const passages = [
  'The allotment opens at seven. Dogs stay outside.',
  'A plot is let for five years. The deposit is 60 euros and is returned at the end.',
].map(passage);

test('each sentence without a marker gets that of the passage that shares most words with it', () => {
  const { text, matched } = matchMarkers('Plots are let for five years. Dogs must stay outside! Enjoy.', {
    passages,
  });
  expect(text).toBe('Plots are let for five years. [2] Dogs must stay outside! [1] Enjoy.');
  expect([...matched]).toEqual(['Plots are let for five years.', 'Dogs must stay outside!']);
});

test('a marker that the model wrote stays where its passage says it, inside a sentence and behind it', () => {
  const text = 'The deposit is 60 euros [2]. Dogs stay outside. [1] It opens at seven.';
  const { text: marked, matched } = matchMarkers(text, { passages });
  expect(marked).toBe(`${text} [1]`);
  expect([...matched]).toEqual(['It opens at seven.']);
});

test('a marker whose passage says nothing of the kind gives way to the one that does', () => {
  const { text, matched } = matchMarkers(
    'The deposit is 60 euros [1]. Dogs stay outside. [2][1] Plots are let for five years [1], [2].',
    { passages },
  );
  expect(text).toBe(
    'The deposit is 60 euros. [2] Dogs stay outside. [2][1] Plots are let for five years [1], [2].',
  );
  expect([...matched]).toEqual(['The deposit is 60 euros.']);
  expect(matchMarkers('Dogs stay outside. [2]', { passages }).text).toBe('Dogs stay outside. [1]');
  // A number of no passage is told as it is.
  expect(matchMarkers('Dogs stay outside. [7]', { passages }).text).toBe('Dogs stay outside. [7]');
});

test('of two passages that say it the one that was named stays, whatever the search thinks of it', () => {
  const sentence = 'Dogs stay outside.';
  const both = [passages[0]!, { ...passages[0]!, id: 'doc#9', score: 0.1 }];
  expect(
    matchMarkers(`${sentence} [2]`, { passages: both, cosines: new Map([[sentence, [0.8, 0.75]]]) }).text,
  ).toBe(`${sentence} [2]`);
});

test('what no passage says stays without', () => {
  const text = 'Nobody knows when the moon will rise.';
  expect(matchMarkers(text, { passages })).toEqual({ text, matched: new Set() });
  expect(matchMarkers('[1] [2]', { passages }).text).toBe('[1] [2]');
  expect(matchMarkers('A plot is let for five years.', { passages: [] }).text).toBe(
    'A plot is let for five years.',
  );
});

test('meaning and the search decide where words do not', () => {
  const sentence = 'Five years.';
  const near = (cosines: number[]) => ({ passages, cosines: new Map([[sentence, cosines]]) });
  expect(matchMarkers('Sixty months.', near([0.9, 0.9])).text).toBe('Sixty months.');
  expect(matchMarkers('Lustrum.', { passages, cosines: new Map([['Lustrum.', [0.2, 0.6]]]) }).text).toBe(
    'Lustrum. [2]',
  );
  expect(matchMarkers('Lustrum.', { passages, cosines: new Map([['Lustrum.', [0.2, 0.4]]]) }).text).toBe(
    'Lustrum.',
  );
  const ranked = passages.map((one, at) => ({ ...one, text: 'The same words.', score: at === 1 ? 1 : 0.5 }));
  expect(
    matchMarkers('The same words.', { passages: ranked, cosines: new Map([['The same words.', [0.7, 0.7]]]) })
      .text,
  ).toBe('The same words. [2]');
});
