import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const workshop = (name: string, text: string) =>
  `# ${name}\n\n${text} Ask the workshop office about anything else.\n\nWas this page helpful?\n\n© 2024 Example Works Ltd. All rights reserved.\n`;
const workshops = {
  'saw.md': workshop('Saw', 'The saw is oiled on Fridays.'),
  'drill.md': workshop('Drill', 'The drill is kept in cupboard 9.'),
  'press.md': workshop('Press', 'The press needs two people.'),
};

let index: SmallIndex;
beforeAll(async () => {
  index = await makeSmallIndex(documents);
});
afterAll(() => index?.[Symbol.asyncDispose]());

const extract = async (question: string, from: SmallIndex = index) => {
  const answer = await runSteps(extractSteps({ ...from, settings: settingsSchema.parse({}) }), {
    question,
    arm: 'rag',
  });
  for (const { marker, documentId, start, end, quote, sentence } of answer.citations) {
    const { text } = (await from.catalog.documents.get(documentId))!;
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

describe('a passage on many things', () => {
  let pier: SmallIndex;
  beforeAll(async () => {
    const file = join(import.meta.dirname, 'fixtures', 'harbour.md');
    pier = await makeSmallIndex(
      { 'harbour.md': readFileSync(file, 'utf8') },
      { maxTokens: 200, overlapTokens: 30 },
    );
  });
  afterAll(() => pier?.[Symbol.asyncDispose]());

  test.for([
    [
      'What happens when the wind exceeds 28 knots?',
      'When the wind at the pier head exceeds 28 knots, berth seven',
    ],
    [
      'Which berth is closed when the wind exceeds 28 knots?',
      'When the wind at the pier head exceeds 28 knots',
    ],
    ['What happens if a mooring line parts?', 'If a mooring line parts, the quay is cleared'],
    ['What is done if fog comes up?', 'If fog comes up, the horn is sounded'],
    [
      'What should I do if a person falls into the water?',
      'If a person falls into the water, the ladder boat',
    ],
    ['Where is waste oil handed over?', 'Waste oil is handed over at the blue shed'],
    ['waste oil', 'Waste oil is handed over at the blue shed'],
    ['Who switches on shore power?', 'Shore power is switched on by the electrician.'],
    ['Where is the salt?', 'Salt is in the red boxes.'],
    ['Where are the keys of the stores?', 'The keys of the stores hang in the office'],
    ['Are dogs allowed?', 'Dogs are kept on a lead.'],
  ])('%s', async ([question, sentence]) => {
    const { citations } = await extract(question!, pier);
    expect(citations[0]?.sentence.slice(0, sentence!.length)).toBe(sentence);
  });

  test.for(['Who is the mayor of Paris?', 'Where is the cinema?', 'When do I water my tomatoes?'])(
    'does not say: %s',
    async (question) => {
      expect(await extract(question, pier)).toMatchObject({ abstained: true, citations: [] });
    },
  );
});

test('what stands on every page is no answer, and is still found by its own words', async () => {
  await using pages = await makeSmallIndex(workshops, { maxTokens: 200, overlapTokens: 0 });
  expect((await extract('When is the saw oiled?', pages)).text).toBe('The saw is oiled on Fridays. [1]');
  expect((await extract('Where is the drill?', pages)).text).toBe('The drill is kept in cupboard 9. [1]');
  expect((await extract('Who has all rights reserved?', pages)).text).toContain('All rights reserved.');
});

test('code, items and headings are read as the document was parsed', async () => {
  await using lathe = await makeSmallIndex({
    'lathe.md': `# Lathe

[![Build](https://ci.example.org/badge.svg)](https://ci.example.org) [![npm](https://img.example.org/v.svg)][npm]

- [Install](#install)
- [Options](#options)
- [Keys](#keys)

Lathe makes pages of tables.

## Install

Install it, then make the first page:

\`\`\`sh
npm install lathe
npx lathe init --port 4310
\`\`\`

## Options

| Option | Default | Meaning |
|---|---|---|
| retries | 5 | How often a page is tried again |
| timeout | 30 s | How long a page may take |

## Keys

Before the first run you need:

- a folder that can be written to
- a key of 32 characters

[npm]: https://www.example.org/lathe
`,
  });
  const said = async (question: string) =>
    (await extract(question, lathe)).citations.map(({ sentence }) => sentence);
  expect(await said('Which port does init use?')).toEqual([
    'Install it, then make the first page:',
    'npx lathe init --port 4310',
  ]);
  expect(await said('What is the default of retries?')).toEqual([
    'Option: retries; Default: 5; Meaning: How often a page is tried again',
  ]);
  expect(await said('How long must the key be that I need?')).toEqual([
    'Before the first run you need:',
    'a key of 32 characters',
  ]);
});

describe('what no document has', () => {
  let lamps: SmallIndex;
  beforeAll(async () => {
    lamps = await makeSmallIndex({
      'releases.md':
        '# Releases of the lamp\n\n## 2.4.1\n\nThe lamp goes out after an hour.\n\n## 2.4.0\n\nThe lamp has a green light.\n',
      'errors.md': '# Errors of the lamp\n\nError E404 means that the fuse is gone. Put in a new one.\n',
      'care.md': '# Care of the lamp\n\nThe lamp is dusted with a dry cloth once a month.\n',
    });
  });
  afterAll(() => lamps?.[Symbol.asyncDispose]());

  test.for([
    ['What changed in release 2.4.2 of the lamp?', '2.4.2'],
    ['What does error E405 of the lamp mean?', 'E405'],
  ])('another of its kind is not quoted: %s', async ([question, missing]) => {
    const answer = await extract(question!, lamps);
    expect(answer).toMatchObject({ abstained: true, citations: [], missing: [missing] });
    expect(answer.passages.length).toBeGreaterThan(0);
  });

  test('what is there is quoted', async () => {
    expect((await extract('What changed in release 2.4.1 of the lamp?', lamps)).text).toContain(
      'an hour. [1]',
    );
    expect((await extract('What does error E404 of the lamp mean?', lamps)).text).toContain(
      'the fuse is gone.',
    );
    const beside = await extract('How is lamp 2.4.2 dusted, with which cloth?', lamps);
    expect(beside).toMatchObject({ missing: ['2.4.2'] });
    expect(beside.text).toContain('dusted with a dry cloth');
  });
});
