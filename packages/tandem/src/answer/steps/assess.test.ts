import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dot, unit } from '../../core/cosine.ts';
import { settingsSchema } from '../../core/settings.ts';
import type { Passage } from '../../core/types/document.ts';
import type { AnswerState, StepContext } from '../step.ts';
import { likeliestOutcome, sufficiencyOf } from '../sufficiency/assess-evidence.ts';
import type { SufficiencyModel } from '../sufficiency/calibration.ts';
import { findConflict } from '../sufficiency/find-conflict.ts';
import { measureRelevance } from '../sufficiency/relevance.ts';
import { signalNames, sufficiencySignals } from '../sufficiency/signals.ts';
import { assessStep } from './assess.ts';

/** Texts with words in common are near to each other. */
function vectorOf(text: string): number[] {
  const vector = Array.from({ length: 257 }, () => 0);
  vector[256] = 0.5;
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    let hash = 7;
    for (const letter of word) hash = (hash * 31 + letter.charCodeAt(0)) % 256;
    vector[hash]! += 1;
  }
  return vector;
}

function counting() {
  const embedded: string[] = [];
  const embedder: EmbeddingModelV4 = {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'words',
    maxEmbeddingsPerCall: 1000,
    supportsParallelCalls: true,
    doEmbed: async ({ values }) => {
      embedded.push(...values);
      return { embeddings: values.map(vectorOf), warnings: [] };
    },
  };
  return { embedder, embedded };
}

const question = 'What does a berth for a boat of 9 metres cost?';
const passagesOf = (...texts: string[]): Passage[] =>
  texts.map(
    (text, at) =>
      ({
        id: `p${at}`,
        documentId: `document ${at}`,
        uri: `${at}.md`,
        title: `Title ${at}`,
        headingPath: [],
        text,
        start: 0,
        end: text.length,
        rank: at + 1,
        score: 1 - at / 10,
        scores: {
          fused: 1 - at / 10,
          dense: dot(unit(Float32Array.from(vectorOf(question))), unit(Float32Array.from(vectorOf(text)))),
        },
      }) as unknown as Passage,
  );

const catalog = {
  documents: { languagesOf: async () => new Map<string, string>() },
  index: { get: async () => undefined },
};
const context: StepContext = { signal: new AbortController().signal, emit: () => {}, streams: false };
const unknown: SufficiencyModel = { isGeneral: false };
const general: SufficiencyModel = { isGeneral: true };
const calibrated: SufficiencyModel = {
  isGeneral: false,
  calibration: {
    weights: Object.fromEntries(
      [...signalNames, 'constant'].map((name, at) => [name, at / 10 - 0.4]),
    ) as NonNullable<SufficiencyModel['calibration']>['weights'],
    threshold: 0.5,
  } as NonNullable<SufficiencyModel['calibration']>,
};

async function assess(passages: Passage[], sufficiency: SufficiencyModel, leastSimilarity = 0.25) {
  const { embedder, embedded } = counting();
  const settings = settingsSchema.parse({ retrieve: { leastSimilarity } });
  const step = assessStep({ settings, catalog, embedder, sufficiency } as unknown as Parameters<
    typeof assessStep
  >[0]);
  const retrieved = {
    query: question,
    passages,
    milliseconds: 1,
    timings: { embed: 0, dense: 0, lexical: 0, fuse: 0 },
  };
  const given = await step.run({ request: { question, arm: 'rag' }, retrieved, steps: [] }, context);
  return { given: given as Partial<AnswerState>, embedded };
}

/** What every question cost before: all sentences read, whatever hangs on them. */
async function assessEagerly(passages: Passage[], sufficiency: SufficiencyModel, leastSimilarity = 0.25) {
  const { embedder } = counting();
  const relevance = (await measureRelevance(question, { passages }, {
    embedder,
    catalog,
  } as unknown as Parameters<typeof measureRelevance>[2]))!;
  const signals = sufficiencySignals(question, { passages }, relevance);
  const { calibration, isGeneral } = sufficiency;
  const isKnown = calibration !== undefined || isGeneral;
  const probability = isKnown ? sufficiencyOf(signals, calibration?.weights) : undefined;
  const titles = new Set(
    relevance.sentences
      .toSorted((a, b) => b.cosine - a.cosine)
      .slice(0, 6)
      .map((each) => each.passage),
  );
  return {
    probability,
    expected: isGeneral ? likeliestOutcome(signals, titles.size > 1) : 'answer',
    conflicting: findConflict(relevance.sentences, (at) => passages[at]!.documentId)?.map(({ text }) => text),
    isRefused: relevance.value < leastSimilarity || (probability ?? 1) < (calibration?.threshold ?? 0.15),
  };
}

const told = ({ assessed, reply }: Partial<AnswerState>) => ({
  probability: assessed?.sufficiency?.probability,
  expected: assessed?.expected,
  conflicting: assessed?.conflicting?.map(({ quote }) => quote),
  isRefused: reply?.by === 'refusal',
});

const price = 'A berth for a boat of 9 metres costs 24 euros a night.';
const otherPrice = 'A berth for a boat of 9 metres costs 29 euros a night.';
const office = 'The office opens at eight. Ask there for the key of the gate.';

test('where nothing hangs on sentences, none is embedded', async () => {
  const { given, embedded } = await assess(passagesOf(price, office), unknown);
  expect(embedded).toEqual([]);
  expect(given).toEqual({ assessed: { expected: 'answer' } });
});

test('sentences are read where sufficiency is known, where they may contradict each other, and before anything is refused', async () => {
  for (const sufficiency of [general, calibrated])
    expect((await assess(passagesOf(price, office), sufficiency)).embedded).toContain(price);
  const conflict = await assess(passagesOf(price, office, otherPrice), unknown);
  expect(conflict.given.assessed!.conflicting!.map(({ quote }) => quote)).toEqual([price, otherPrice]);
  const refused = await assess(passagesOf('Poems of the sea are read aloud.'), unknown);
  expect(refused.embedded).toHaveLength(2);
  expect(refused.given).toMatchObject({ reply: { by: 'refusal' } });
});

test('what comes out is what came out when all of it was read', async () => {
  const sentences = [
    price,
    otherPrice,
    office,
    'A berth does not cost a boat of 9 metres 24 euros a night.',
    'Dogs are allowed on the pier in summer.',
    'Dogs are not allowed on the pier in summer.',
    'Poems of the sea are read aloud.',
  ];
  const text = fc.uniqueArray(fc.constantFrom(...sentences), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(unknown, general, calibrated),
      fc.constantFrom(-1, 0.1, 0.25, 0.5, 1),
      async (texts, sufficiency, leastSimilarity) => {
        const passages = passagesOf(...texts.map((each) => each.join(' ')));
        const { given } = await assess(passages, sufficiency, leastSimilarity);
        expect(told(given)).toEqual(await assessEagerly(passages, sufficiency, leastSimilarity));
      },
    ),
    { numRuns: 200 },
  );
});
