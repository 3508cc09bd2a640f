import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sentences } from './sentences.ts';

const split = (text: string) => sentences(text).map(({ start, end }) => text.slice(start, end));

/** Each list is one text, joined by a space, and the sentences expected of it. */
const sound: string[][] = [
  ['Dr. Smith saw the patient at 9 a.m. on Monday.', 'She was well.'],
  ['The dose is 2.5 mg, i.e. half a tablet.', 'See Fig. 3 for details.', 'It works.'],
  ['Peripheral arterial disease (P.A.D.) occurs when plaque builds up.', 'P.A.D. usually affects the legs.'],
  ['It is common in the U.S. and in Europe.', 'Many have it.'],
  ['About 5,000 people live in the U.S.', 'The disease is rare.'],
  ['It was described by J. R. Smith et al. in 1985.', 'Nothing followed.'],
  ['They lack vitamin A.', 'Symptoms include night blindness.'],
  ['He has hepatitis B.', 'She has hepatitis C.'],
  ['Is it hereditary?', 'Yes!', 'It often is.'],
  ['He said "It hurts." and left.'],
  ['Call 1-800-422-6237 (1-800-4-CANCER).', 'Ask for help.'],
  ['The gene (e.g. MTTP) is long.', 'No. 5 is short.'],
  ['Use Node.js and Console.WriteLine in www.example.Com pages.', 'They work.'],
  ['Signs, symptoms, etc. are listed.', 'Fever, cough, etc.', 'These go away.'],
  ['Prof. Dr. A. B. Miller works at Acme Inc. in Bonn.', 'He is kind.'],
  ['It costs $3.50.', 'Three of 4 pay.'],
];

test.each(sound)('keeps whole: %s', (...parts) => {
  expect(split(parts.join(' '))).toEqual(parts);
});

test('finds the end of a sentence with no space after it', () => {
  expect(split('A transient attack ("mini-stroke").Although it is brief, act.')).toEqual([
    'A transient attack ("mini-stroke").',
    'Although it is brief, act.',
  ]);
  expect(
    split(
      'It is supported by the CDC.If given early, it helps across the country.NINDS-funded work goes on.',
    ),
  ).toEqual([
    'It is supported by the CDC.',
    'If given early, it helps across the country.',
    'NINDS-funded work goes on.',
  ]);
  expect(split('It is rare.The cause is unknown.What helps?Rest.')).toEqual([
    'It is rare.',
    'The cause is unknown.',
    'What helps?',
    'Rest.',
  ]);
});

test('marks of emphasis belong to the sentence that they close, or to the one that they open', () => {
  expect(split('**How far on one charge?**\nBetween 60 and 95 km. *Less in winter.* __Far less.__')).toEqual([
    '**How far on one charge?**',
    'Between 60 and 95 km.',
    '*Less in winter.*',
    '__Far less.__',
  ]);
  expect(split('**My bike was stolen. What now?** Call us.')).toEqual([
    '**My bike was stolen.',
    'What now?**',
    'Call us.',
  ]);
  expect(split('("**Really?**") He left. **Yes!**')).toEqual(['("**Really?**")', 'He left.', '**Yes!**']);
  expect(split('One *two.* It helps.* See __below.__ Done.')).toEqual([
    'One *two.*',
    'It helps.',
    '* See __below.__',
    'Done.',
  ]);
  for (const whole of [
    '**Dr.** Smith came at 9 *a.m.* on Monday.',
    'He asked *why?* and left.',
    'Call obj.__init__ or src/*.ts for all 2 * 3.',
    'It is common in the **U.S.** and elsewhere.',
  ])
    expect(split(whole)).toEqual([whole]);
});

test('line breaks inside a paragraph do not end a sentence; items, headings, rows and blank lines do', () => {
  expect(
    split(
      'One sentence\nover two lines. Another\n\nNo full stop\n- first item\n- second\n  goes on\n1. Number one',
    ),
  ).toEqual([
    'One sentence\nover two lines.',
    'Another',
    'No full stop',
    '- first item',
    '- second\n  goes on',
    '1. Number one',
  ]);
  expect(split('## Heading\nText.\n| a | b |\n|---|---|\n| 1 | 2 |\nAfter.')).toEqual([
    '## Heading',
    'Text.',
    '| a | b |',
    '|---|---|',
    '| 1 | 2 |',
    'After.',
  ]);
});

test('other scripts', () => {
  expect(split('これは文です。次の文です。')).toEqual(['これは文です。', '次の文です。']);
  expect(split('यह वाक्य है। दूसरा वाक्य।')).toEqual(['यह वाक्य है।', 'दूसरा वाक्य।']);
});

const fragments = fc.constantFrom(
  'Dr.',
  'e.g.',
  'P.A.D.',
  'U.S.',
  '3.5',
  'No.',
  '"Yes."',
  '(see Fig. 2).Although',
  '\n',
  '\n\n',
  '- ',
  '1. ',
  '# ',
  '|',
  ' ',
  '  ',
  '?!',
  '…',
  '。',
  '\u00a0',
  '\u2028',
  '\ud83d\ude00',
  '\ud83d',
  'a\u0301',
  '\u200d',
  '\ufeff',
  '\r',
  '\t',
  'word',
  'The',
  'A',
  '.',
  ').',
  '?**',
  '**',
  '_',
);

test('property: spans are in order, do not overlap, are not blank, and hold every non-blank character', () => {
  const text = fc.oneof(
    fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join(' ')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  fc.assert(
    fc.property(text, (sample) => {
      let position = 0;
      for (const { start, end } of sentences(sample)) {
        expect(sample.slice(position, start)).toMatch(/^\s*$/);
        expect(sample.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
        position = end;
      }
      expect(sample.slice(position)).toMatch(/^\s*$/);
    }),
    { numRuns: 2000 },
  );
});
