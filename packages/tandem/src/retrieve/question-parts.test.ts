import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { nameIndexOf } from './names.ts';
import { listIn, questionsIn } from './question-parts.ts';

const names = nameIndexOf(
  ['Gout', 'Asthma', 'Board minutes'].map((title) => ({
    id: title,
    title,
    aliases: [],
    access: 'public',
  })) as unknown as DocumentSummary[],
);

describe('questions in a question', () => {
  test.each([
    [
      'How many days of annual leave and what is the dividend and who is Schindler?',
      ['How many days of annual leave', 'what is the dividend', 'who is Schindler'],
    ],
    [
      'What happened to the Kestrel project and who is the new auditor?',
      ['What happened to the Kestrel project', 'who is the new auditor'],
    ],
    [
      'When does the canteen open? Who owns the parking lot?',
      ['When does the canteen open', 'Who owns the parking lot'],
    ],
    [
      'Hello, can you tell me how much a helmet costs, and where is the porter?',
      ['how much a helmet costs', 'where is the porter'],
    ],
    [
      'What do the board minutes say and who is Schindler?',
      ['What do the board minutes say', 'who is Schindler'],
    ],
    [
      'What do the board minutes say and how much is GK-19?',
      ['What do the board minutes say', 'how much is GK-19'],
    ],
    [
      'How many days of leave and how many fire drills are there?',
      ['How many days of leave', 'how many fire drills are there'],
    ],
    [
      'Until when does the lift run, and at what time is lunch?',
      ['Until when does the lift run', 'at what time is lunch'],
    ],
  ])('%s', (question, parts) => expect(questionsIn(question, names)).toEqual(parts));

  // One question: a story around it, a half that needs the other, symptoms, one thing asked twice.
  test.each([
    'my mother is 60 and has diabetes, what should she eat and which pills are good?',
    'She has a swollen toe. What is the cause? Who treats toes?',
    'what is gout and how is it treated',
    'what is gout and can I still go swimming?',
    'what is gout and what is asthma',
    'what is gout and what is the best shoe',
    'What are the symptoms and what is the treatment?',
    'What is the dividend and when is it paid?',
    'What is the dividend and who gets the dividend?',
    'I have fever, headache and a stiff neck, what is wrong?',
    'why do I cough at night and wheeze in the morning',
    'what happens to people who smoke and who drink',
    'what should I do, when the pump is noisy',
    'does it depend on what you eat and how you sleep?',
    'how many days of annual leave do I get',
    'what meals are sold and at what price',
    'which helmets do we have and how many pieces',
    'is there a canteen and parking',
    'Was ist die Dividende und wer ist Schindler?',
  ])('%s: one', (question) => expect(questionsIn(question, names)).toEqual([]));

  test('any text: none, or two to four pieces of it', () => {
    const word = fc.constantFrom(
      'what',
      'is',
      'who',
      'how many',
      'gout',
      'the',
      'canteen',
      'and',
      ',',
      '?',
      'rent',
      '.',
      'tell me',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 24 }), (words) => {
        const text = words.join(' ');
        const parts = questionsIn(text, names);
        expect([0, 2, 3, 4]).toContain(parts.length);
        for (const part of parts) expect(text).toContain(part);
      }),
    );
  });
});

describe('a list', () => {
  test.each([
    ['Kestrel project, dividend and the Porto office', ['Kestrel project', 'dividend', 'Porto office']],
    ['fever, headache and stiff neck', ['fever', 'headache', 'stiff neck']],
  ])('%s', (question, items) => expect(listIn(question)).toEqual(items));

  test.each([
    'how tall are dogs and cats',
    'dividend',
    'the price of helmets, gloves and boots in our Porto office',
    'leave for parents and leave for carers',
  ])('%s: none', (question) => expect(listIn(question)).toEqual([]));
});
