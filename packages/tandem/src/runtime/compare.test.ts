import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockLanguageModelV4 } from 'ai/test';
import { expect, test } from 'vitest';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import { buildDataset } from '../dataset/build-dataset.ts';
import { rateAnswer } from '../dataset/feedback.ts';
import { type CompareEstimate, compare } from '../evaluate/compare.ts';
import { comparisonJson } from '../evaluate/comparison-json.ts';
import { deployArm } from '../evaluate/deploy.ts';
import { evalChunkers, evalRetrieval } from '../evaluate/eval-retrieval.ts';
import { forget } from '../forget/forget.ts';
import { fromDocuments } from '../sources/documents.ts';
import { memoryStore } from '../store/memory/memory-store.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';

/** Comparing in a Tandem that is disposed meanwhile, with a scripted chat model and an embedder of some thousand weights. */

const embedder = `local:${join(import.meta.dirname, '../../../nn/references/bert/embedder')}`;
const names = ['pump', 'crane', 'gate', 'lift'];
const documents = names.map((name) => ({ uri: `${name}.md`, text: `# ${name}\n\nThe ${name} is red.\n` }));
const cases = names.map((name) => ({
  id: name,
  question: `Which colour has the ${name}?`,
  expected: `The ${name} is red [1].`,
  source: { documentId: `${name}.md` },
}));

/** Answers so many questions; of the next one it calls `onStuck` and ends only when it is stopped. */
function chatThatAnswers(count: number, onStuck: () => void = () => {}) {
  let asked = 0;
  return new MockLanguageModelV4({
    provider: 'house.chat',
    modelId: 'scripted',
    doGenerate: async ({ abortSignal }) => {
      if (asked++ >= count) {
        onStuck();
        await new Promise((_, reject) => {
          abortSignal!.addEventListener('abort', () => reject(abortSignal!.reason));
        });
      }
      return {
        content: [{ type: 'text', text: 'It is red [1].' }],
        finishReason: { unified: 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 9, noCache: 9, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 5, text: 5, reasoning: undefined },
        },
        warnings: [],
      };
    },
  });
}

test('a comparison ends with its Tandem, and continues from its answers in another one', {
  timeout: 60_000,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tandem-compare-'));
  await using catalog = await openMemoryCatalog();
  await using store = await memoryStore();
  const parts = {
    embedder,
    catalog,
    store,
    cases,
    sources: [fromDocuments(documents)],
    dataDirectory: folder.path,
  };
  const options = { arms: ['base', 'rag'], references: false, latencyCases: 1 } as const;

  const stuck = Promise.withResolvers<void>();
  const tandem = await createTandem({ ...parts, chat: chatThatAnswers(5, stuck.resolve) });
  await ingest(tandem);
  const comparison = expect(compare(tandem, options)).rejects.toMatchObject({ code: 'disposed' });
  await stuck.promise;
  await tandem[Symbol.asyncDispose]();
  await comparison;

  const rows = await readFile(join(folder.path, 'comparison-answers.jsonl'), 'utf8');
  expect(rows.trim().split('\n')).toHaveLength(5);
  const [run] = await catalog.runs.list({ kind: 'compare' });
  expect(run).toMatchObject({ status: 'interrupted' });

  await using again = await createTandem({ ...parts, chat: chatThatAnswers(100) });
  const estimates: CompareEstimate[] = [];
  const { result } = await compare(again, {
    ...options,
    onEstimate: (estimate) => estimates.push(estimate),
  });
  // Eight answers, a latency pass of one case and a warm-up of both arms.
  expect(estimates).toMatchObject([{ answers: 8 + 2 + 2, stored: 5 }]);
  expect(result.cases.map((record) => Object.keys(record.arms))).toEqual(names.map(() => ['base', 'rag']));
});

test('a file of questions, some without an answer: two yardsticks in the table, and an arm that always declines is named', {
  timeout: 60_000,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tandem-compare-'));
  const file = join(folder.path, 'cases.jsonl');
  const lines = [...cases, { id: 'hens', question: 'May I keep hens?', expected: null }];
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await using tandem = await createTandem({
    embedder,
    chat: new MockLanguageModelV4({
      modelId: 'scripted',
      doGenerate: async ({ prompt }) => {
        const { content } = prompt.at(-1)!;
        const text = JSON.stringify(content);
        const thing = /has the (\w+)\?/.exec(text)?.[1];
        const reply =
          text.includes('Sources:') && thing ? `The ${thing} is red [1].` : 'The sources do not say.';
        return {
          content: [{ type: 'text', text: reply }],
          finishReason: { unified: 'stop', raw: undefined },
          usage: {
            inputTokens: { total: 9, noCache: 9, cacheRead: undefined, cacheWrite: undefined },
            outputTokens: { total: 5, text: 5, reasoning: undefined },
          },
          warnings: [],
        };
      },
    }),
    sources: [fromDocuments(documents)],
    settings: { retrieve: { leastSimilarity: -1 }, compare: { unanswerableWeight: 0.3 } },
  });
  await ingest(tandem);
  const { result } = await compare(tandem, { arms: ['base', 'rag'], cases: file, latencyCases: 0 });
  const value = (arm: string, metric = 'right') =>
    result.slices[0]!.arms.find((entry) => entry.arm === arm && entry.metric === metric)?.value;
  expect(result.arms.map(({ name, reference }) => [name, reference])).toEqual([
    ['base', false],
    ['rag', false],
    ['extract', true],
    ['decline', true],
  ]);
  expect([value('base'), value('rag'), value('decline')]).toEqual([0.3, 1, 0.3]);
  expect(value('rag', 'right-answerable')).toBe(1);
  expect(value('base', 'right-unanswerable')).toBe(1);
  const { outcomes, calibration } = comparisonJson(result);
  const none = { answer: 0, partial: 0, clarify: 0, conflict: 0, 'not in the sources': 0, failed: 0 };
  for (const arm of ['base', 'decline'])
    expect(outcomes[arm]).toEqual({
      n: 5,
      expected: {
        answer: { ...none, 'not in the sources': 4 },
        'not in the sources': { ...none, 'not in the sources': 1 },
      },
    });
  expect(outcomes.rag).toMatchObject({ expected: { answer: { answer: 4 } } });
  expect(value('rag', 'outcome-macro-f1')).toBe(1);
  expect(calibration.base!.sufficiency).toEqual({ notMeasured: 'it reads no sources' });
  expect(calibration.rag!.sufficiency).toHaveProperty('notMeasured');
  expect(calibration.rag!.claims.n).toBe(4);
  expect(result.verdict.headline).toContain(
    'Base always declines: it declined 5 of 5 questions, 4 of which have an answer.',
  );
});

test('a Tandem that is disposed refuses each of these', { timeout: 60_000 }, async () => {
  const tandem = await createTandem({
    embedder,
    chat: chatThatAnswers(0),
    cases,
    sources: [fromDocuments(documents)],
  });
  await ingest(tandem);
  await tandem[Symbol.asyncDispose]();
  const disposed = { code: 'disposed' };
  await expect(compare(tandem)).rejects.toMatchObject(disposed);
  await expect(evalRetrieval(tandem)).rejects.toMatchObject(disposed);
  await expect(evalChunkers(tandem)).rejects.toMatchObject(disposed);
  await expect(deployArm(tandem, { arm: 'rag' })).rejects.toMatchObject(disposed);
  await expect(buildDataset(tandem)).rejects.toMatchObject(disposed);
  await expect(rateAnswer(tandem, 'trace_1', { rating: 'up' })).rejects.toMatchObject(disposed);
  await expect(forget(tandem, 'pump.md')).rejects.toMatchObject(disposed);
});
