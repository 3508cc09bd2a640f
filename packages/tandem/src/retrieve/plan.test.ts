import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { clausesOf } from './clauses.ts';
import { nameIndexOf } from './names.ts';
import { planQuery } from './plan.ts';

const documents = [
  { id: 'mld', title: 'Metachromatic leukodystrophy', aliases: ['MLD'], access: 'public' },
  { id: 'gout', title: 'Gout', aliases: [], access: 'public' },
  { id: 'school', title: 'School Health', aliases: [], access: 'public' },
] as unknown as DocumentSummary[];
const names = nameIndexOf(documents, (word) => /^(?:school|health|my|for|the)$/.test(word));
/** The question's last word in capitals is what the meanings are of. */
const plan = (question: string, longForms: string[] = []) => {
  const { 0: written = '', index: start = 0 } = [...question.matchAll(/\b[A-Z]{3,}\b/g)].at(-1) ?? {};
  const meanings = longForms.map((longForm) => ({ longForm, start, end: start + written.length }));
  return planQuery(question, { names, meanings });
};

describe('a question', () => {
  test('in a story: the clause that asks, the name in the documents’ spelling', () => {
    const { asked, focused, condensed, bare } = plan(
      'Hello. My nephew, who is in school, was told he has metacromatic leucodistrophy. We cried all day. Can it be passed on to my kids?',
    );
    expect(asked).toEqual(['Can it be passed on to my kids?']);
    expect(focused).toEqual(['Metachromatic leukodystrophy: Can it be passed on to my kids?']);
    expect(condensed).toBe('Metachromatic leukodystrophy passed kids');
    expect(bare).toBe(false);
  });

  test('put plainly: the name goes from what is asked', () => {
    expect(plan('What are the symptoms of gout?')).toMatchObject({
      text: 'What are the symptoms of gout?',
      asked: ['What are the symptoms of ?'],
      focused: ['Gout: What are the symptoms of ?'],
      bare: false,
    });
  });

  test('that only asks what it is', () => {
    expect(plan('What is gout?').bare).toBe(true);
    expect(plan('can you tell me about gout').bare).toBe(true);
    expect(plan('what is it?').bare).toBe(false);
    expect(plan('How is gout treated?').bare).toBe(false);
  });

  test('that names nothing is searched as it is', () => {
    const { condensed, focused, asked, full } = plan('my big toe is red and swollen');
    expect({ condensed, focused, asked, full }).toEqual({
      condensed: undefined,
      focused: [],
      asked: ['my big toe is red and swollen'],
      full: 'my big toe is red and swollen',
    });
  });

  test('with an abbreviation: what it stands for is searched too', () => {
    expect(plan('Is XYZ inherited?', ['Xylozym deficiency'])).toMatchObject({
      full: 'Is XYZ inherited? (Xylozym deficiency)',
      focused: ['Xylozym deficiency: Is XYZ inherited?'],
      condensed: 'Xylozym deficiency XYZ inherited',
    });
  });

  test('with an abbreviation that no name has, of a name that a document has: it names that document', () => {
    const { linked, subjects, focused } = plan('Who runs the SHP here?', ['School health']);
    expect(linked).toMatchObject([{ documentId: 'school', verbatim: false, at: [3] }]);
    expect(subjects).toMatchObject([{ asked: 'SHP', documentIds: ['school'] }]);
    expect(focused).toEqual(['School Health: Who runs the here?']);
    expect(plan('Who runs the SHP here?', ['School health', 'School hall plan']).linked).toEqual([]);
    expect(plan('Is MLD inherited?', ['Metachromatic leukodystrophy']).linked).toEqual(
      plan('Is MLD inherited?').linked,
    );
  });

  test('any text gives something to search', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 120 }), (question) => {
        const { asked, focused, full } = plan(question);
        expect(asked.length).toBeGreaterThan(0);
        expect(focused.length).toBeLessThanOrEqual(4);
        expect(full).toBe(question);
      }),
    );
  });
});

describe('a question about several things', () => {
  // Two rare names beside one that most documents are called by.
  const common = Array.from({ length: 24 }, (_, at) => ({
    title: at === 0 ? 'Diabetes' : `Diabetes in region ${at}`,
  }));
  const many = nameIndexOf(
    [{ title: 'Warfarin' }, { title: 'Hypertension' }, ...common, { title: 'Taking medicines' }].map(
      ({ title }) => ({
        id: title,
        title,
        aliases: [],
        access: 'public',
      }),
    ) as unknown as DocumentSummary[],
    (word) => /^(?:diabetes|region|in|my|can|take)$/.test(word),
  );
  const about = (question: string) =>
    planQuery(question, { names: many, meanings: [] }).subjects.map(({ asked }) => asked);

  test('what is listed beside a thing is one too, however common its name', () => {
    expect(about('can I take warfarin with my hypertension and diabetes').sort()).toEqual([
      'diabetes',
      'hypertension',
      'warfarin',
    ]);
    expect(about('warfarin, diabetes or hypertension?').sort()).toEqual([
      'diabetes',
      'hypertension',
      'warfarin',
    ]);
    expect(
      planQuery('can I take warfarin with my hypertension and diabetes', { names: many, meanings: [] })
        .focused,
    ).toHaveLength(3);
  });

  test('a common name elsewhere in the story is not', () => {
    expect(about('my aunt, who works for the diabetes people, was given warfarin')).toEqual(['warfarin']);
  });
});

describe('clauses', () => {
  test.each([
    ['She has gout. How is it treated?', ['She has gout.', '*How is it treated?']],
    [
      'my mom was told she has gout last week how do they treat it',
      ['my mom was told she has gout last week', '*how do they treat it'],
    ],
    ['I want to know what gout is', ['*I want to know what gout is']],
    ['He has it... is it deadly', ['He has it', '*is it deadly']],
  ])('%s', (text, expected) =>
    expect(clausesOf(text).map(({ text, asks }) => (asks ? `*${text}` : text))).toEqual(expected),
  );

  test('every one is a piece of the text, in order', () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 40 }), (text) => {
        let from = 0;
        for (const clause of clausesOf(text)) {
          const at = text.indexOf(clause.text, from);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at + clause.text.length;
        }
      }),
    );
  });
});
