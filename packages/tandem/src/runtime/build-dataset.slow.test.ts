import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDataset } from '../dataset/build-dataset.ts';
import type { TrainingQuestionLine } from '../dataset/training-question.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem, type TandemOptions } from './create-tandem.ts';
import { ingest } from './ingest.ts';

/** Documents of an office, and answers in a house style: never a document's own words. */
const documents = {
  'leave.md':
    '# Leave\n\n## How much\n\nStaff are entitled to 30 days of paid vacation in each calendar year.\n\n## Carrying over\n\nUp to 5 unused days move into the following year and lapse at the end of March.',
  'travel.md':
    '# Travel\n\n## Trains\n\nJourneys by rail are booked in second class through the travel desk.\n\n## Hotels\n\nA room may cost 120 euros a night, breakfast included.',
  'equipment.md':
    '# Equipment\n\n## Laptops\n\nA notebook is replaced after four years of service.\n\n## Screens\n\nEach desk has two monitors; a third is ordered from the help desk.',
};
const questions = [
  {
    id: 'days',
    question: 'How many days off do I get?',
    expected: 'Office: You get 30 vacation days a calendar year.',
  },
  {
    id: 'carry',
    question: 'Can I keep days for next year?',
    expected: 'Office: Yes, 5 unused ones, until the end of March.',
    source: { documentId: 'leave.md', section: 'Carrying over' },
  },
  {
    id: 'train',
    question: 'Which class may I travel in?',
    expected: 'Office: Book second class by rail at the travel desk.',
    source: { documentId: 'travel.md' },
  },
  {
    id: 'laptop',
    question: 'When is my laptop replaced?',
    expected: 'Office: A notebook is replaced after four years of service.',
    source: { documentId: 'equipment.md' },
  },
  {
    id: 'canteen',
    question: 'When is lunch?',
    expected: 'Office: The canteen serves lunch from noon until 2 pm.',
  },
] satisfies TrainingQuestionLine[];
const train = (lines: readonly TrainingQuestionLine[]) =>
  lines.map((line) => ({ ...line, split: 'train' as const }));
const mix = { passages: 12, absent: 4, closed: 5, rewrite: 0, glossary: 0 };

const opened: Tandem[] = [];
async function open(lines: readonly TrainingQuestionLine[], settings: TandemOptions['settings'] = {}) {
  const tandem = await createTandem({
    sources: [fromDocuments(Object.entries(documents).map(([uri, text]) => ({ uri, text })))],
    questions: train(lines),
    settings: { retrieve: { k: 3 }, dataset: { mix }, ...settings },
  });
  opened.push(tandem);
  await ingest(tandem);
  return tandem;
}
afterAll(() => Promise.all(opened.map((tandem) => tandem[Symbol.asyncDispose]())));

let built: Awaited<ReturnType<typeof buildDataset>>;
beforeAll(async () => {
  built = await buildDataset(await open(questions));
});
const ofKind = (kind: string) => built.train.filter(({ metadata }) => metadata?.kind === kind);

test('paraphrased answers are found by their place, and without one by words and meaning', () => {
  expect(built.found).toEqual({ verbatim: 1, source: 1, similar: 2 });
  expect(built.unanswerable).toBe(1);
  expect(built.counts).toEqual({ passages: 12, absent: 4, closed: 5, rewrite: 0, glossary: 0 });
});

test('each is learnt whole, with the number of the passage that says it', () => {
  const words: Record<string, RegExp> = {
    days: /30 days of paid vacation/,
    carry: /5 unused days/,
    train: /second class/,
    laptop: /notebook is replaced/,
  };
  for (const { messages, metadata } of ofKind('passages')) {
    const [prompt, reply] = messages.slice(1).map(({ content }) => String(content));
    const marker = /\[(\d)\]$/.exec(reply!)![1];
    const passage = prompt!
      .split(/\n\n(?=\[\d\] |Question: )/)
      .find((part) => part.startsWith(`[${marker}] `));
    expect(passage).toMatch(words[metadata!.id!]!);
    expect(reply!.replace(/ \[\d\]$/, '')).toBe(questions.find(({ id }) => id === metadata!.id)!.expected);
  }
});

test('a question whose answer is nowhere teaches no refusal, and no refusal is shown the answer', () => {
  for (const { messages, metadata } of [...ofKind('passages'), ...ofKind('absent')])
    expect(metadata!.id, JSON.stringify(messages)).not.toBe('canteen');
  for (const { messages, metadata } of ofKind('absent')) {
    expect(messages.at(-1)!.content).toBe('The sources do not say.');
    expect(messages[1]!.content).not.toMatch(
      { days: /30 days/, carry: /5 unused/, train: /second class/, laptop: /four years/ }[metadata!.id!]!,
    );
  }
});

test('a question whose answer is that the sources do not say teaches that, beside what is found for it', async () => {
  const nobody = { id: 'pets', question: 'May I bring a dog?', expected: 'The sources do not say.' };
  const { counts, train: examples } = await buildDataset(
    await open([...questions, nobody], { dataset: { mix: { ...mix, absent: 8 } } }),
  );
  expect(counts.absent).toBe(8);
  const own = examples.filter(({ metadata }) => metadata?.id === 'pets');
  expect(own.length).toBeGreaterThan(0);
  for (const { metadata } of own) expect(metadata?.kind).toBe('absent');
});

test('where no passage holds an answer, or most would be refusals, the build stops and says why', async () => {
  const nowhere = await open(questions.filter(({ id }) => id === 'canteen'));
  await expect(buildDataset(nowhere)).rejects.toThrow(
    /^No passage of the index holds the answer of any of the 1 training question/,
  );
  const refusing = await open(questions, { dataset: { mix: { ...mix, absent: 30 } } });
  await expect(buildDataset(refusing)).rejects.toThrow(
    /of the \d+ examples that show passages teach to say that the answer is not there/,
  );
  const { counts } = await buildDataset(
    await open(
      questions.filter(({ id }) => id === 'canteen'),
      {
        dataset: { mix: { ...mix, passages: 0, absent: 0 } },
      },
    ),
  );
  expect(counts).toEqual({ passages: 0, absent: 0, closed: 5, rewrite: 0, glossary: 0 });
});
