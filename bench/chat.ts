/**
 * The local chat model: loading, first token, tokens a second in reading and writing, with and without an adapter, a grammar
 * and a reused prefix. Medians of --rounds, one JSON line a case, the machine first.
 *
 *     node bench/chat.ts [--model local:smollm2-135m-instruct] [--threads N] [--rounds 5] [--adapter FILE.gguf]
 *
 * Without --adapter a random one of rank 4 over the attention's outputs is used; a trained one over all seven matrices costs more.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { type LocalChatMetadata, openLocalChat } from '../packages/tandem/src/models/local-chat.ts';
import { writeRandomAdapter } from '../packages/tandem/src/models/write-random-adapter.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'local:smollm2-135m-instruct' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    adapter: { type: 'string' },
  },
});
const print = (value: object) => console.log(JSON.stringify(value));
const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-chat-'));
const random = join(folder, 'adapter.gguf');
await writeRandomAdapter(random, { seed: 1, size: 0.01 });
const adapter = flags.adapter ?? random;

print({
  model: flags.model,
  threads: flags.threads ?? 'as others leave free',
  cpu: cpus()[0]?.model,
  cores: availableParallelism(),
  memoryGB: Math.round(totalmem() / 1e9),
  load: loadavg()[0],
});
const { path } = await fetchModel(flags.model);
const start = performance.now();
const model = await openLocalChat({ path, ...(flags.threads && { threads: Number(flags.threads) }) });
print({ case: 'load', ms: Math.round(performance.now() - start) });

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

async function measure(
  name: string,
  options: Partial<LanguageModelV4CallOptions>,
  passages = 30,
  sameEachRound = false,
) {
  const rounds: { firstToken: number; prompt: number; generate: number; score: number; reused: number }[] =
    [];
  let promptTokens = 0;
  for (let round = -1; round < Number(flags.rounds); round++) {
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

const tandem = (options: object) =>
  ({ providerOptions: { tandem: options } }) as Partial<LanguageModelV4CallOptions>;
const json = { responseFormat: { type: 'json' as const, schema } };
await measure('short prompt', {}, 0);
await measure('base', {});
await measure('base, same prompt again', {}, 30, true);
await measure('base, probabilities', tandem({ probabilities: true }));
await measure('base, grammar', { ...json, ...tandem({ probabilities: false }) });
await measure('base, grammar, probabilities', json);
await measure('adapter', tandem({ adapter: { path: adapter } }));
await measure('adapter, grammar, probabilities', { ...json, ...tandem({ adapter: { path: adapter } }) });
print({ case: 'memory', rssMB: Math.round(process.memoryUsage().rss / 1e6) });

await model[Symbol.asyncDispose]();
await rm(folder, { recursive: true });
