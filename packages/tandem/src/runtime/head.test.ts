import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import type { CaseLine } from '../dataset/cases.ts';
import { compare } from '../evaluate/compare.ts';
import { deployArm } from '../evaluate/deploy.ts';
import { forget } from '../forget/forget.ts';
import { fromDocuments } from '../sources/documents.ts';
import { tuneHead } from '../tune/head/tune-head.ts';
import { createTandem, type TandemOptions } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { chatSaying, letterEmbedder } from './scripted-models.fixture.ts';
import { trace } from './search.ts';

/** By letters "kettle" and "lamp" can be told apart. */
const embedder = letterEmbedder;
const chat = chatSaying(() => '{"device":"lamp","response":"See the manual. [1]"}');

const rooms = ['hall', 'attic', 'yard', 'barn', 'shop', 'studio', 'office', 'garden', 'porch', 'cellar'];
const wordings = ['Where is the {} of the *?', 'Who cleans a {} in the *?', 'Is our * without {} now?'];
const about = (device: string, room: string, at: number) =>
  wordings[at]!.replace('{}', device).replace('*', room);

const settings = {
  answer: {
    output: {
      schema: {
        type: 'object',
        properties: { device: { enum: ['kettle', 'lamp'] }, response: { type: 'string' } },
        required: ['device', 'response'],
      },
      textField: 'response',
      compareFields: [{ path: 'device', name: 'device' }],
      confidence: { field: 'sure', of: 'device' },
    },
  },
} satisfies TandemOptions['settings'];

const questions = rooms.slice(0, 8).flatMap((room) =>
  ['kettle', 'lamp'].map((device) => ({
    id: `${device} ${room}`,
    split: 'train' as const,
    question: about(device, room, 0),
    expected: { device },
    source: { documentId: 'manual.md', start: 0, end: 10 },
    wordings: [{ question: about(device, room, 1) }],
  })),
);
/** Held out: other rooms, and another way to ask. */
const casesWith = (more: Record<string, unknown>): CaseLine[] =>
  rooms.slice(4).flatMap((room, at) =>
    ['kettle', 'lamp'].map((device) => ({
      id: `${device} ${room} ?`,
      question: at < 4 ? about(device, room, 2) : about(device, room, 0),
      expected: { device, ...more },
    })),
  );
const given: TandemOptions = {
  embedder,
  chat,
  settings,
  questions,
  sources: [fromDocuments([{ uri: 'manual.md', text: '# Manual\n\nThe kettle and the lamp are there.' }])],
};

test('a head is trained, kept with its card, and answers with its field alone', async () => {
  await using tandem = await createTandem(given);
  await ingest(tandem);
  const { id, runId, directory, fields, reused } = await tuneHead(tandem);
  expect(reused).toBe(false);
  expect(fields).toMatchObject([{ path: 'device', questions: 32, unseenChoices: [] }]);
  expect(fields[0]!.folds.accuracy).toBeGreaterThan(0.9);
  const card = await readFile(join(directory, 'README.md'), 'utf8');
  expect(card).toContain(`| run | ${runId} |`);
  for (const { question } of questions) expect(card).not.toContain(question);
  expect(await tandem.catalog.runs.get(runId)).toMatchObject({ status: 'done', artefacts: [`heads/${id}`] });
  expect(await tuneHead(tandem)).toMatchObject({ id, reused: true });
  expect((await tuneHead(tandem, { fresh: true })).id).not.toBe(id);

  const answer = await ask(tandem, about('kettle', 'cellar', 2), { arm: 'head' });
  const { confidence } = answer;
  expect(answer).toMatchObject({ arm: 'head', text: '', citations: [], passages: [], abstained: false });
  expect(confidence).toBeGreaterThan(0.5);
  expect(answer.output).toEqual({ device: 'kettle', sure: Math.round(confidence! * 1000) / 1000 });
  expect(answer.probabilities).toEqual({ device: confidence });
  expect((await trace(tandem, answer.traceId)).model).toMatch(/^head_/);
});

test('beside models it is a yardstick for its field, and the verdict says where it is enough', async () => {
  await using tandem = await createTandem({ ...given, cases: casesWith({ response: 'See the manual.' }) });
  await ingest(tandem);
  await tuneHead(tandem);
  const { result } = await compare(tandem, { validationCases: 0, latencyCases: 2 });
  expect(result.arms.map(({ name, reference }) => [name, reference])).toEqual([
    ['base', false],
    ['rag', false],
    ['head', true],
    ['extract', true],
    ['decline', true],
  ]);
  const measured = result.slices[0]!.arms.filter(({ arm }) => arm === 'head').map(({ metric }) => metric);
  expect(measured).toContain('field:device');
  for (const metric of ['right', 'token-f1', 'valid-json']) expect(measured).not.toContain(metric);
  const reason = result.verdict.reasons.find(({ title }) => title === 'Head')!;
  expect(reason.text).toMatch(
    /^Device right: head 100 %; \+50 points against base .* a loss of 10 points is ruled out/,
  );
  expect(reason.text).toContain('It gives no other field and no text');
  expect(result.verdict.headline).toContain('train a head, not a model (Device right: head 100 %, base 50 %');
});

test('where cases ask for nothing else it is an arm, can be chosen, and can be used', async () => {
  await using tandem = await createTandem({ ...given, cases: casesWith({}) });
  await ingest(tandem);
  await tuneHead(tandem);
  await expect(deployArm(tandem, { arm: 'head' })).rejects.toThrow(/has not been compared/);
  const { result } = await compare(tandem, { arms: ['rag', 'head'], validationCases: 0, latencyCases: 0 });
  expect(result.arms[1]).toMatchObject({ name: 'head', reference: false, answersOnly: ['device'] });
  expect(result.verdict).toMatchObject({ outcome: 'better', choice: 'head' });
  expect(result.verdict.headline).toMatch(/^Use head: .*train a head, not a model/);
  expect(result.provenance.notes).toMatchObject([{ label: 'Head' }]);
  expect(await deployArm(tandem, { arm: 'head' })).toMatchObject({ arm: 'head', forced: false });
  expect((await ask(tandem, about('lamp', 'cellar', 1))).arm).toBe('head');
});

test('a case that it was trained on is refused', async () => {
  const [{ question, expected }] = questions as [(typeof questions)[0]];
  const cases = [{ id: 'seen', question, expected }];
  await using tandem = await createTandem({ ...given, cases });
  await ingest(tandem);
  await tuneHead(tandem);
  await expect(compare(tandem, { arms: ['rag', 'head'] })).rejects.toThrow(
    /1 case was seen in training: case seen/,
  );
});

test('what it learnt from questions about a forgotten document is named', async () => {
  await using tandem = await createTandem(given);
  await ingest(tandem);
  const { id } = await tuneHead(tandem);
  expect(await forget(tandem, 'manual.md', { dryRun: true })).toMatchObject({ heads: [id] });
});

test('without a head, with too few questions, or with another schema, one sentence says what to do', async () => {
  await using tandem = await createTandem({ ...given, questions: questions.slice(0, 6) });
  await ingest(tandem);
  await expect(ask(tandem, 'Where?', { arm: 'head' })).rejects.toThrow('There is no trained head yet.');
  await expect(tuneHead(tandem)).rejects.toThrow(
    /trained on 8 independent questions with at least two choices/,
  );
  await using plain = await createTandem({ ...given, settings: {} });
  await expect(tuneHead(plain)).rejects.toThrow(/has no field that is a choice/);
});

test('a head of another embedder, or of other choices, is not used', async () => {
  const catalog = await openMemoryCatalog();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'tandem-head-'));
  try {
    {
      await using tandem = await createTandem({ ...given, catalog, dataDirectory });
      await ingest(tandem);
      await tuneHead(tandem);
    }
    await using other = await createTandem({
      ...given,
      catalog,
      dataDirectory,
      embedder: { ...embedder, modelId: 'other' },
    });
    await expect(ask(other, 'Where?', { arm: 'head' })).rejects.toThrow(
      /was trained with another embedder than letters:other/,
    );
    const { output } = settings.answer;
    const schema = { ...output.schema, properties: { device: { enum: ['kettle', 'lamp', 'fan'] } } };
    await using more = await createTandem({
      ...given,
      catalog,
      dataDirectory,
      settings: { answer: { output: { ...output, schema } } },
    });
    await expect(ask(more, 'Where?', { arm: 'head' })).rejects.toThrow(
      /chooses among other values of device than answer\.output\.schema lists now/,
    );
  } finally {
    await catalog[Symbol.asyncDispose]();
    await rm(dataDirectory, { recursive: true });
  }
});
