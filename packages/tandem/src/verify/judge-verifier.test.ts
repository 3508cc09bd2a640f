import { MockLanguageModelV4 } from 'ai/test';
import { expect, test } from 'vitest';
import type { Judge, JudgementRequest } from '../decide/judge.ts';
import { languageModelJudge } from '../decide/language-model-judge.ts';
import { attachLocalTools, type LocalChatTools } from '../models/local-tools.ts';
import { judgeVerifier } from './judge-verifier.ts';
import { expectVerifierLaws } from './verifier-laws.fixture.ts';

const page = [
  'The office opens at eight.',
  'A berth costs 24 euros a night.',
  'Dogs are welcome on the pier.',
];

test('a judge reads the claim with the nearest sentences, and numbers that nobody gives are not for it to say', async () => {
  const asked: JudgementRequest[] = [];
  const judge: Judge = {
    name: 'nods',
    judge: async (requests) => {
      asked.push(...requests);
      return requests.map(() => ({ probabilities: [0.9, 0.1] }));
    },
  };
  const [right, wrong] = await judgeVerifier(judge).verify([
    { claim: 'You may bring a dog to the pier.', evidence: page },
    { claim: 'A berth costs 57 euros a night.', evidence: page },
  ]);
  expect(right).toEqual({ verdict: 'supported', probability: 0.9, supporting: [2] });
  expect(wrong).toMatchObject({ verdict: 'not found', probability: 0 });
  expect(asked).toHaveLength(1);
  expect(asked[0]!.text).toContain('Dogs are welcome on the pier.');
});

test('whatever the texts, there is one verdict a claim with a probability, and only supported has places', async () => {
  await expectVerifierLaws((share) =>
    judgeVerifier({
      name: 'scripted',
      judge: async (requests) => requests.map(() => ({ probabilities: [share, 1 - share] })),
    }),
  );
});

test('of a local model the choices’ probabilities are read, and nothing is written', async () => {
  const seen: unknown[] = [];
  const model = attachLocalTools(new MockLanguageModelV4({ modelId: 'small' }), {
    choiceProbabilities: async (options: { choices: readonly string[] }) => {
      seen.push(options.choices);
      return [0.25, 0.75];
    },
  } as unknown as LocalChatTools);
  const judge = languageModelJudge(model);
  const [judged] = await judge.judge([{ question: 'Is it?', text: 'It is.', choices: ['yes', 'no'] }]);
  expect(judged).toEqual({ probabilities: [0.25, 0.75] });
  expect(seen).toEqual([['yes.', 'no.']]);
  expect(judge.name).toBe('small');
});

test('a hosted one chooses', async () => {
  const usage = {
    inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 1, text: undefined, reasoning: undefined },
  };
  const model = new MockLanguageModelV4({
    doGenerate: async () => ({
      content: [{ type: 'text', text: '{"result":"no"}' }],
      finishReason: { unified: 'stop', raw: undefined },
      usage,
      warnings: [],
    }),
  });
  const [judged] = await languageModelJudge(model).judge([
    { question: 'Is it?', text: 'It is not.', choices: ['yes', 'no'] },
  ]);
  expect(judged).toEqual({ probabilities: [0, 1] });
});
