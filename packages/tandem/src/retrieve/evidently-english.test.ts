import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { nameIndexOf } from './names.ts';

const vocabulary = new Set(
  'my side effects of on is what the rule for per how much in and does do to with bad policy own car drive hotel der die das de que trip'.split(
    ' ',
  ),
);
const documents = ['Gout', 'Hypertension', 'Hotels', 'Télétravail'].map((title) => ({
  id: title,
  title,
  aliases: [],
  access: 'public',
})) as unknown as DocumentSummary[];
const names = nameIndexOf(documents, (word) => vocabulary.has(word));

describe('names that no document has', () => {
  test.each([
    ['side effects of zorblaxin on my hypertension and gout', ['zorblaxin']],
    ['what does Foozumab do to my gout?', ['Foozumab']],
    ['what is the hipertention rule for Fürstenfeldbruck', ['Fürstenfeldbruck']],
    ['what is the ZBX', ['ZBX']],
    ['which hotel does Иван own', ['Иван']],
  ])('%s', (question, unknown) => expect(names.unknown(question)).toEqual(unknown));

  // Nothing may be said of a language that the vocabulary is not of.
  test.each([
    'Wie viel wird für Hotels erstattet?',
    'Was will die Firma in Zürich am Montag so machen',
    'combien de jours de télétravail',
    '¿Cuántos días de vacaciones tengo?',
    'Quanti giorni di ferie ho?',
    'Wat is de vergoeding voor hotels in Gent of Brugge?',
    'Hur många semesterdagar har jag?',
    'Er det for min mor at have hotel over ferien',
    'сколько стоит отель в Цюрихе',
    '有給休暇は何日ですか',
    '领收书什么时候提交',
    'โรงแรมราคาเท่าไร',
    'كم سعر الفندق',
  ])('%s: none', (question) => expect(names.unknown(question)).toEqual([]));

  test('a phrase of a script without spaces is no name in an English question either', () => {
    expect(names.unknown('what is the rule for 有給休暇は何日ですか')).toEqual([]);
  });

  test('a verb is no name', () => {
    expect(names.unknown('how much is refunded per trip with my own car')).toEqual([]);
  });

  test('an embedder whose vocabulary is not known: only capitals tell a name', () => {
    const bare = nameIndexOf(documents);
    expect(bare.unknown('How many vacation days does the firm give?')).toEqual([]);
    expect(bare.unknown('Who drives what Foozumab drives?')).toEqual(['Foozumab']);
  });
});
