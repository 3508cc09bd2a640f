import { expect, test } from 'vitest';
import { settingsSchema } from '../../core/settings.ts';
import { answerTextOf, replyOf } from './answer-text.ts';

const settings = settingsSchema.parse({});
const asked = (expected: string | Record<string, unknown>) => ({ id: 'one', question: 'Which?', expected });

test('an answer without markers is cut into sentences; what does not end like one belongs to the one before it', () => {
  expect(
    answerTextOf(settings, asked('Boilers: Press the red switch. Wait a minute. `boiler.reset()`')),
  ).toEqual({
    text: 'Boilers: Press the red switch. Wait a minute. `boiler.reset()`',
    lead: 'Boilers: ',
    sentences: ['Press the red switch.', 'Wait a minute. `boiler.reset()`'],
    isMarked: false,
  });
  expect(answerTextOf(settings, asked('Two years')).sentences).toEqual(['Two years']);
  expect(answerTextOf(settings, asked('Call "stop!" Then wait.')).sentences).toHaveLength(2);
});

test('where its author put markers, each ends a sentence', () => {
  expect(answerTextOf(settings, asked('Gout: Rest helps. [1] So does water. [2]'))).toMatchObject({
    lead: 'Gout: ',
    sentences: ['Rest helps.', 'So does water.'],
    isMarked: true,
  });
});

test('of a structured reply the text is read and put back', () => {
  const structured = settingsSchema.parse({
    answer: {
      output: { schema: { type: 'object', properties: { text: { type: 'string' } } }, textField: 'text' },
    },
  });
  const question = asked({ text: 'Two years. [1]', kind: 'warranty' });
  expect(answerTextOf(structured, question).sentences).toEqual(['Two years.']);
  expect(JSON.parse(replyOf(structured, question, 'Two years. [3]', { kind: 'other' }))).toEqual({
    text: 'Two years. [3]',
    kind: 'other',
  });
  expect(() => answerTextOf(structured, asked({ kind: 'warranty' }))).toThrow('has no text to learn');
});
