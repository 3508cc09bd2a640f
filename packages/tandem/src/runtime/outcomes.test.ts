import { expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import type { SettingsInput } from '../core/settings.ts';
import { calibrateSufficiency } from '../evaluate/calibrate-sufficiency.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type TandemOptions } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { chatSaying, wordEmbedder } from './scripted-models.fixture.ts';
import { trace } from './search.ts';

const chat = chatSaying(() => 'It is as they say. [1]');

const things =
  'lamp kettle ladder bucket hammer saddle blanket mirror carpet candle bottle basket pillow wagon anchor trumpet violin helmet compass lantern shovel barrel curtain drawer napkin pencil ribbon saucer thimble trowel'.split(
    ' ',
  );
const documents = things.map((thing, at) => ({
  uri: `${thing}.md`,
  text: `# The ${thing}\n\nThe ${thing} weighs ${at + 2} kilograms and was made by ${thing}smith of ${thing}ford in hall number ${at + 1}.`,
}));
const questions = things.map((thing, at) => ({
  id: thing,
  question: `What does the ${thing} made by ${thing}smith of ${thing}ford weigh?`,
  expected: `The ${thing} weighs ${at + 2} kilograms.`,
  source: { documentId: `${thing}.md`, start: 0, end: documents[at]!.text.trim().length },
}));

async function open(options: Partial<TandemOptions> = {}, settings: SettingsInput = {}) {
  const tandem = await createTandem({
    embedder: wordEmbedder,
    chat,
    sources: [fromDocuments(documents)],
    settings: { retrieve: { k: 3 }, ...settings },
    ...options,
  });
  await ingest(tandem);
  return tandem;
}

test('sufficiency is brought to scale on the project’s own questions, and refuses what has no answer', async () => {
  await using tandem = await open({ questions });
  const asked = questions[0]!.question;
  const absent = 'What does the telescope made by telescopesmith of telescopeford weigh?';
  expect((await ask(tandem, asked)).sufficiency).toBeUndefined();
  const { calibration, questions: counts, curve } = await calibrateSufficiency(tandem, { falseAnswers: 0.1 });
  expect(counts.answerable + counts.notFound).toBe(things.length);
  expect(calibration).toMatchObject({ fittedOn: 'questions', falseAnswers: 0.1, leftOut: 'both' });
  expect(calibration.achieved.falseAnswers.value).toBeLessThanOrEqual(0.2);
  expect(calibration.achieved.answered.value).toBeGreaterThan(0.8);
  expect(curve.map(({ answered }) => answered)).toEqual(
    curve.map(({ answered }) => answered).toSorted((a, b) => a - b),
  );
  const answer = await ask(tandem, asked);
  // What the model says stands nowhere: the outcome knows that, too.
  expect(answer).toMatchObject({ outcome: 'partial', sufficiency: { isCalibrated: true } });
  expect(answer.sufficiency!.probability).toBeGreaterThan(0.5);
  expect(await ask(tandem, absent)).toMatchObject({ outcome: 'not in the sources', abstained: true });
});

test('without questions it goes by the documents’ headings', async () => {
  const { calibration } = await calibrateSufficiency(await open(), { falseAnswers: 0.2 });
  expect(calibration.fittedOn).toBe('documents');
});

test('too few questions, and a rate that is none, are one sentence', async () => {
  await using few = await open({ sources: [fromDocuments(documents.slice(0, 3))] });
  await expect(calibrateSufficiency(few)).rejects.toThrow(/20 of each are needed/);
  await expect(calibrateSufficiency(few, { falseAnswers: 1 })).rejects.toThrow('1 is no share of questions.');
  await expect(calibrateSufficiency(few, { leftOut: 'pages' as 'both' })).rejects.toThrow(
    '"pages" is nothing that can be left out of the search.',
  );
});

test('two documents that contradict each other are both shown', async () => {
  const other = {
    uri: 'catalogue.md',
    text: '# Old list\n\nThe lamp weighs 9 kilograms and was made by lampsmith of lampford in hall number 1.',
  };
  await using tandem = await open({ sources: [fromDocuments([...documents, other])] });
  const { outcome, conflicting, traceId } = await ask(tandem, 'What does the lamp weigh?');
  expect(outcome).toBe('conflict');
  expect((await trace(tandem, traceId)).answer).toMatchObject({ outcome, conflicting });
  expect(conflicting!.map(({ uri }) => uri).toSorted()).toEqual(['catalogue.md', 'lamp.md']);
  for (const { quote } of conflicting!) expect(quote).toContain('The lamp weighs');
});
