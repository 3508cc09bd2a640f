import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindsAsked, kindsOfHeading, sectionKinds } from './section-kinds.ts';

const surest = (question: string) =>
  [...kindsAsked([question])].sort((a, b) => b[1] - a[1]).map(([kind]) => kind)[0];

describe('what kind of section is asked for', () => {
  test.each([
    ['will my kids get it too', 'inheritance'],
    ["what's the chance the baby has it", 'inheritance'],
    ['does it run in the family', 'inheritance'],
    ['how would I know if I had it', 'tests'],
    ['how do they check for that', 'tests'],
    ['what should I look out for', 'symptoms'],
    ['what does it feel like', 'symptoms'],
    ['is there anything that gets rid of them', 'treatment'],
    ['do they really have to cut it out', 'treatment'],
    ['which gene goes wrong', 'genes'],
    ['What are the genetic changes related to gout?', 'genes'],
    ['how many people have it', 'frequency'],
    ['why did this happen to us', 'causes'],
    ['is there some shot so he doesnt get it', 'prevention'],
    ['how long do people live with it', 'outlook'],
    ['who is most likely to get this', 'risk'],
    ['what else can it do to her down the road', 'complications'],
    ['what should I be eating', 'living'],
    ['what on earth is that', 'meaning'],
  ])('%s', (question, kind) => expect(surest(question)).toBe(kind));

  test('who holds an office is not who is at risk', () => {
    expect(surest('who is the new auditor')).toBeUndefined();
    expect(surest('who is the most likely to get it')).toBe('risk');
    expect(surest('who is affected')).toMatch(/risk|symptoms/);
  });

  test('something particular counts more than "what is it"', () => {
    const kinds = kindsAsked(['what is it and how is it treated']);
    expect(kinds.get('treatment')).toBeGreaterThan(kinds.get('meaning')!);
  });

  test('the story is asked only where the question says nothing known, and counts half', () => {
    expect(kindsAsked(['which would?'], 'most antibiotics dont touch it').get('treatment')).toBe(0.5);
    expect(kindsAsked(['why?'], 'most antibiotics dont touch it').has('treatment')).toBe(false);
  });

  test('any text: known kinds, shares in (0, 1]', () => {
    const known = new Set(sectionKinds.map(({ name }) => name));
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (asking, story) => {
        for (const [kind, share] of kindsAsked(asking, story)) {
          expect(known.has(kind)).toBe(true);
          expect(share).toBeGreaterThan(0);
          expect(share).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('a long question takes no longer than its length', () => {
    const long = 'what does my sister and my mother and the children have or get or do '.repeat(2000);
    const before = performance.now();
    kindsAsked([long], long);
    // 140,000 characters; backtracking without bounds would take minutes.
    expect(performance.now() - before).toBeLessThan(5000);
  });
});

test('headings tell kinds, whatever stands around the word; the innermost counts', () => {
  expect(kindsOfHeading(['Gout', 'Risks and prevention'])).toEqual(['prevention', 'risk']);
  expect(kindsOfHeading(['Treatment', 'In children'])).toEqual([]);
  expect(kindsOfHeading([])).toEqual([]);
});
