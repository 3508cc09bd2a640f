import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { wordsOf } from '../text/words.ts';
import { nameIndexOf } from './names.ts';

const document = (id: string, title: string, aliases: string[] = [], access = 'public') =>
  ({ id, title, aliases, access }) as DocumentSummary;
const documents = [
  document('mld', 'Metachromatic leukodystrophy', ['MLD', 'Arylsulfatase A deficiency']),
  document('nf1', 'Neurofibromatosis type 1', ['NF1', 'Von Recklinghausen disease']),
  document('nf2', 'Neurofibromatosis type 2', ['NF2']),
  { ...document('gout', 'Gout'), metadata: { source: 'CDC' } } as unknown as DocumentSummary,
  document('gout-lower', 'gout', [], 'staff'),
  document('bp', 'High Blood Pressure', ['Hypertension']),
  document('none', '', []),
];
const everyday = new Set(
  'my sister has high blood pressure and the doctor said it is what about type a disease'.split(' '),
);
const names = nameIndexOf(documents, (word) => everyday.has(word));
const ids = (question: string, filter = {}) =>
  names.link(question, { filter }).map(({ documentId }) => documentId);

describe('names in a question', () => {
  test.each([
    ['What is metachromatic leukodystrophy?', 'mld'],
    ['my cousin has metacromatic leucodistrophy', 'mld'],
    ['what is MLD', 'mld'],
    ['arylsulphatase a deficiency in children', 'mld'],
    ['is neurofibromatosis type 2 inherited', 'nf2'],
    ['is neuro fibromatosis type 1 inherited', 'nf1'],
    ['the doctor said nuerofibromatosis type 1', 'nf1'],
    ["von Recklinghausen's disease", 'nf1'],
    ['hypertention', 'bp'],
  ])('%s', (question, id) => expect(ids(question)[0]).toBe(id));

  test('a name written as the document writes it comes before one that differs in capitals', () => {
    expect(ids('What is gout?')[0]).toBe('gout-lower');
    expect(ids('What is Gout?')[0]).toBe('gout');
    expect(names.link('What is Gout?', {})[0]).toMatchObject({ verbatim: true, cover: 1 });
  });

  test('words strewn over a story are less of a name than the name', () => {
    const [strewn] = names.link('my blood was taken at noon and later, she said, the pressure is high', {});
    const [together] = names.link('she has high blood pressure', {});
    expect(strewn!.cover).toBeLessThan(together!.cover / 1.5);
  });

  test('only of documents that the filter admits', () => {
    expect(ids('gout', { access: ['public'] })).toEqual(['gout']);
    expect(ids('gout', { documentIds: ['mld'] })).toEqual([]);
    expect(ids('gout', { excludeDocumentIds: ['gout'] })).toEqual(['gout-lower']);
    expect(ids('gout', { metadata: { source: ['NIH', 'CDC'] } })).toEqual(['gout']);
    expect(ids('gout', { metadata: { source: 'WHO' } })).toEqual([]);
  });

  test('nothing where nothing is named', () => {
    expect(ids('what is it?')).toEqual([]);
    expect(ids('')).toEqual([]);
  });

  test('any text: shares between 0 and 1, places that are words of it, documents once', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 80 }),
          fc
            .array(fc.constantFrom('neuro', 'fibromatosis', 'type', '1', 'gout', 'MLD', 'blood', 'zzz'), {
              maxLength: 20,
            })
            .map((words) => words.join(' ')),
        ),
        (question) => {
          const linked = names.link(question, { limit: 3 });
          expect(linked.length).toBeLessThanOrEqual(3);
          expect(new Set(linked.map(({ documentId }) => documentId)).size).toBe(linked.length);
          for (const { cover, weight, at } of linked) {
            expect(cover).toBeGreaterThan(0);
            expect(cover).toBeLessThanOrEqual(1 + 1e-9);
            expect(weight).toBeGreaterThan(0);
            expect(at.every((index) => index < wordsOf(question).length)).toBe(true);
          }
        },
      ),
    );
  });
});

describe('documents about one thing', () => {
  const institutes = nameIndexOf([
    document('nhlbi', 'Idiopathic Pulmonary Fibrosis'),
    document('ghr', 'idiopathic pulmonary fibrosis', ['IPF']),
    document('wider', 'Pulmonary Fibrosis', ['IPF']),
    document('legs', 'Restless Legs Syndrome'),
    document('leg', 'Ekbom', ['Restless leg tremor']),
  ]);

  test('share what one of them is called; the one that lists the name is meant a little more', () => {
    const linked = institutes.link('what is IPF', {});
    expect(
      linked
        .map(({ documentId }) => documentId)
        .slice(0, 2)
        .sort(),
    ).toEqual(['ghr', 'wider']);
    const borrowed = linked.find(({ documentId }) => documentId === 'nhlbi')!;
    expect(borrowed).toMatchObject({ name: 'IPF', verbatim: false });
    expect(borrowed.weight).toBeLessThan(linked[0]!.weight);
  });

  test('one more or one less than the name says', () => {
    expect(institutes.link('i have a restless leg at night', {})[0]!.documentId).toMatch(/^legs?$/);
    expect(institutes.link('restless leg syndrome', {}).map(({ documentId }) => documentId)).toContain(
      'legs',
    );
  });
});

test('a word that stands in many texts tells little, though few names have it', () => {
  const all = ['Biopsy', 'Gout', 'Asthma', 'Croup', 'Mumps', 'Lupus'].map((title) =>
    document(title.toLowerCase(), title),
  );
  const linked = nameIndexOf(all, undefined, undefined, (word) => (word === 'biopsy' ? 0.5 : 0)).link(
    'the biopsy says gout',
    {},
  );
  expect(linked[0]!.documentId).toBe('gout');
  expect(linked[1]!.weight).toBeLessThan(linked[0]!.weight);
});
