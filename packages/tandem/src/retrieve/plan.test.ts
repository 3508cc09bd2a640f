import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
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
  test('in a story that misspells a name: the name is searched in the documents’ spelling too', () => {
    const story = 'My nephew was told he has metacromatic leucodistrophy. Can it be passed on to my kids?';
    expect(plan(story)).toMatchObject({
      text: story,
      full: `${story} (Metachromatic leukodystrophy)`,
      subjects: [{ name: 'Metachromatic leukodystrophy', asked: 'metacromatic leucodistrophy' }],
    });
  });

  test('put plainly is searched as it is', () => {
    expect(plan('What are the symptoms of gout?')).toMatchObject({
      full: 'What are the symptoms of gout?',
      subjects: [{ name: 'Gout' }],
    });
    expect(plan('my big toe is red and swollen')).toMatchObject({
      full: 'my big toe is red and swollen',
      linked: [],
    });
  });

  test('with an abbreviation: what it stands for is searched too', () => {
    expect(plan('Is XYZ inherited?', ['Xylozym deficiency']).full).toBe(
      'Is XYZ inherited? (Xylozym deficiency)',
    );
  });

  test('with a code: it is told apart from names', () => {
    expect(plan('Which gasket fits the GK-19?').exact).toEqual([{ text: 'GK-19', term: 'gk19' }]);
  });

  test('with an abbreviation that no name has, of a name that a document has: it names that document', () => {
    const { linked, subjects } = plan('Who runs the SHP here?', ['School health']);
    expect(linked).toMatchObject([{ documentId: 'school', verbatim: false, at: [3] }]);
    expect(subjects).toMatchObject([{ asked: 'SHP', documentIds: ['school'] }]);
    expect(plan('Who runs the SHP here?', ['School health', 'School hall plan']).linked).toEqual([]);
    expect(plan('Is MLD inherited?', ['Metachromatic leukodystrophy']).linked).toEqual(
      plan('Is MLD inherited?').linked,
    );
  });

  test('any text gives something to search', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 120 }), (question) => {
        expect(plan(question).full.startsWith(question)).toBe(true);
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
  });

  test('a common name elsewhere in the story is not', () => {
    expect(about('my aunt, who works for the diabetes people, was given warfarin')).toEqual(['warfarin']);
  });
});
