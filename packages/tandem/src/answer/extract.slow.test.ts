import { afterAll, beforeAll, expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import { makeSmallIndex, type SmallIndex } from '../retrieve/small-index.fixture.ts';
import { runSteps } from './run-steps.ts';
import { extractSteps } from './steps/answer-steps.ts';

const documents = {
  'breach.md': `# Data breaches

## Who is told

The data protection officer (DPO) is Helen Okafor. She is told of every breach within a day.

## Laptops

A hacked laptop stays switched on, and nobody works with it until it has been looked at.
`,
  'batteries.md': `# Storing batteries

## Transport

UN 3480 is the number for shipping a loose pack. UN 3481 is the number for a pack inside a bike.

## Winter

Over winter a battery is kept at half its charge, in a dry place.
`,
  'gout.md': `# Gout

## Symptoms

Sudden attacks of severe pain in a joint, most often the big toe.
`,
  'asthma.md': `# Asthma

## Symptoms

Wheezing, coughing and a tight chest, most often at night.
`,
};

let index: SmallIndex;
beforeAll(async () => {
  index = await makeSmallIndex(documents);
});
afterAll(() => index?.[Symbol.asyncDispose]());

const extract = async (question: string) => {
  const answer = await runSteps(extractSteps({ ...index, settings: settingsSchema.parse({}) }), {
    question,
    arm: 'rag',
  });
  for (const { marker, documentId, start, end, quote, sentence } of answer.citations) {
    const { text } = (await index.catalog.documents.get(documentId))!;
    expect(text.slice(start, end)).toBe(quote);
    expect(answer.passages[marker - 1]!.documentId).toBe(documentId);
    expect(answer.text).toContain(`${sentence} [${marker}]`);
  }
  return answer;
};

test('of two questions each is answered, from the passage that is best for it', async () => {
  const { text, citations, parts } = await extract('Who is the DPO and what is UN 3481?');
  expect(text).toContain('The data protection officer (DPO) is Helen Okafor.');
  expect(text).toContain('UN 3481 is the number for a pack inside a bike.');
  expect(new Set(citations.map(({ documentId }) => documentId))).toEqual(
    new Set(['breach.md', 'batteries.md']),
  );
  expect(parts?.map(({ best }) => best).toSorted()).toEqual([1, 2]);
});

test('of several things that are listed each is answered, in their order', async () => {
  const { text } = await extract('What are the symptoms of asthma and gout?');
  expect(text).toMatch(/^Wheezing, .+ \[\d\] Sudden attacks .+ \[\d\]$/);
});

test('a question that nothing answers is left out; one question is answered once', async () => {
  const { text, parts } = await extract('Who is the DPO and who is Zorblaxin?');
  expect(parts?.map(({ best }) => best)).toEqual([1, undefined]);
  expect(text).toContain('Helen Okafor. [1]');
  expect((await extract('Who is the DPO?')).citations.every(({ marker }) => marker === 1)).toBe(true);
});
