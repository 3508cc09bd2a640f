import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import {
  type LocalChatMetadata,
  type LocalChatModel,
  openLocalChat,
} from '../../packages/tandem/src/models/local-chat.ts';
import { writeRandomAdapter } from '../../packages/tandem/src/models/write-random-adapter.ts';

/** Medians of the rounds. Without an adapter a random one of rank 4 over SmolLM2's attention outputs is used; a trained one costs more. */
export async function measureAlone(options: {
  model: string;
  threads: number;
  rounds: number;
  adapter: string | undefined;
}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-chat-'));
  const random = join(folder, 'adapter.gguf');
  await writeRandomAdapter(random, { seed: 1, size: 0.01 });
  const adapter = options.adapter ?? random;
  const start = performance.now();
  const model = await openLocalChat({ path: options.model, threads: options.threads });
  print({ case: 'load', ms: Math.round(performance.now() - start) });
  const measured = (...asked: DropTwo<Parameters<typeof measure>>) =>
    measure(model, options.rounds, ...asked);
  await measured('short prompt', {}, 0);
  await measured('base', {});
  await measured('base, same prompt again', {}, 30, true);
  await measured('base, probabilities', tandem({ probabilities: true }));
  await measured('base, grammar', { ...json, ...tandem({ probabilities: false }) });
  await measured('base, grammar, probabilities', json);
  await measured('adapter', tandem({ adapter: { path: adapter } }));
  await measured('adapter, grammar, probabilities', { ...json, ...tandem({ adapter: { path: adapter } }) });
  print({ case: 'memory', rssMB: Math.round(process.memoryUsage().rss / 1e6) });

  await model[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
}

type DropTwo<All extends unknown[]> = All extends [unknown, unknown, ...infer Rest] ? Rest : never;

const print = (value: object) => console.log(JSON.stringify(value));

const passage =
  'Diabetes is a disease in which the sugar in the blood is too high. Insulin helps glucose get into the cells. ';
const schema = {
  type: 'object' as const,
  properties: {
    intent: { enum: ['information', 'symptoms', 'treatment', 'causes'] },
    response: { type: 'string' as const },
  },
  required: ['intent', 'response'],
};
/** A prompt that shares nothing but the template's opening with the round before. */
const prompt = (round: number, passages: number): LanguageModelV4CallOptions['prompt'] => [
  {
    role: 'user',
    content: [{ type: 'text', text: `${round} ${passage.repeat(passages)}\nExplain diabetes at length.` }],
  },
];

const tandem = (options: object) =>
  ({ providerOptions: { tandem: options } }) as Partial<LanguageModelV4CallOptions>;
const json = { responseFormat: { type: 'json' as const, schema } };

async function measure(
  model: LocalChatModel,
  count: number,
  name: string,
  options: Partial<LanguageModelV4CallOptions>,
  passages = 30,
  sameEachRound = false,
) {
  const rounds: { firstToken: number; prompt: number; generate: number; score: number; reused: number }[] =
    [];
  let promptTokens = 0;
  for (let round = -1; round < count; round++) {
    const result = await model.doGenerate({
      prompt: prompt(sameEachRound ? 0 : round + 1, passages),
      maxOutputTokens: 96,
      ...options,
    });
    const { tandem } = result.providerMetadata as unknown as { tandem: LocalChatMetadata };
    const { timings, reusedTokens } = tandem;
    promptTokens = tandem.promptTokens;
    if (round < 0) continue; // makes the context and warms the caches
    rounds.push({
      firstToken: timings.firstToken,
      prompt: (promptTokens - reusedTokens) / (timings.firstToken / 1000),
      generate: ((result.usage.outputTokens.total ?? 0) - 1) / (timings.generate / 1000),
      score: timings.score,
      reused: reusedTokens,
    });
  }
  const median = (key: keyof (typeof rounds)[number]) =>
    Math.round(
      rounds.map((round) => round[key]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] as number,
    );
  print({
    case: name,
    promptTokens,
    reusedTokens: median('reused'),
    firstTokenMs: median('firstToken'),
    promptTokensPerSecond: median('prompt'),
    generatedTokensPerSecond: median('generate'),
    scoreMs: median('score'),
  });
}
