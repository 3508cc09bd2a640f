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
  const { text, matched } = matchMarkers(
    'Plots are let for five years. Dogs must stay outside! Enjoy.',
    passages,
  );
  expect(text).toBe('Plots are let for five years. [2] Dogs must stay outside! [1] Enjoy.');
  expect([...matched]).toEqual(['Plots are let for five years.', 'Dogs must stay outside!']);
});

test('the markers that the model wrote stay, inside a sentence and behind it', () => {
  const text = 'The deposit is 60 euros [1]. Dogs stay outside. [2] It opens at seven.';
  expect(matchMarkers(text, passages).text).toBe(`${text} [1]`);
});

test('what no passage says stays without', () => {
  const text = 'Nobody knows when the moon will rise.';
  expect(matchMarkers(text, passages)).toEqual({ text, matched: new Set() });
  expect(matchMarkers('[1] [2]', passages).text).toBe('[1] [2]');
  expect(matchMarkers('A plot is let for five years.', []).text).toBe('A plot is let for five years.');
});
