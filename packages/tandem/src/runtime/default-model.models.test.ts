import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';

// What a newcomer meets: nothing configured, the default chat model.

const documents = [
  {
    uri: 'leave.md',
    text: '# Leave\n\nEverybody has 30 days of leave a year. Leave is asked for two weeks ahead, by a note to the office.',
  },
  {
    uri: 'bicycles.md',
    text: '# Bicycles\n\nA bicycle is lent for one day. The deposit is 60 euros, and is given back when the bicycle comes back clean.',
  },
  {
    uri: 'workshop.md',
    text: '# Workshop\n\nThe workshop is open from nine to six on weekdays. On Saturdays it is closed.',
  },
];
let tandem: Tandem;
beforeAll(async () => {
  tandem = await createTandem({ sources: [fromDocuments(documents)] });
  await ingest(tandem);
});
afterAll(() => tandem[Symbol.asyncDispose]());

test.each([
  ['How many days of leave do I have?', /\b30\b/],
  ['How high is the deposit for a bicycle?', /\b60\b/],
  ['When is the workshop open on weekdays?', /nine|9/],
])('%s: answered in a sentence, from the document', async (question, expected) => {
  const { text, abstained } = await ask(tandem, question, { arm: 'rag' });
  expect(abstained).toBe(false);
  expect(text).toMatch(expected);
  const words = text
    .replace(/\[\d+\]/g, '')
    .split(/\s+/)
    .filter(Boolean);
  expect(words.length).toBeGreaterThan(3);
  expect(words.length).toBeLessThan(80);
  expect(text).toMatch(/^[A-Z].*[.!]\s*(\[\d+\]\s*)*$/s);
  // A model that goes in circles says the same words again and again.
  expect(new Set(words).size / words.length).toBeGreaterThan(0.5);
  expect(tandem.models.names.chat).toBe('local:qwen2.5-coder-0.5b');
});
