/** Tandem's local chat beside llama.cpp's llama-bench and llama-server: the same file, prompt, threads and settings, in turns. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { type LocalChatModel, openLocalChat } from '../../packages/tandem/src/models/local-chat.ts';
import { localToolsOf } from '../../packages/tandem/src/models/local-tools.ts';
import { type LlamaCppOptions, runLlamaBench, startLlamaServer } from './llama-cpp.ts';
import { describeRatios, median } from './ratios.ts';

const written = 64;
const passage =
  'Diabetes is a disease in which the sugar in the blood is too high. Insulin helps glucose get into the cells. ';
/** A text that does not end by itself within `written` tokens. */
const question = (round: number) => `${round} ${passage.repeat(24)}\nExplain diabetes at length.`;

export async function compareLlamaCpp(options: LlamaCppOptions & { rounds: number }): Promise<void> {
  const { model, threads, rounds } = options;
  await using tandem = await openLocalChat({ path: model, threads });
  const hasServer = existsSync(join(options.build, 'bin', 'llama-server'));
  if (!hasServer)
    console.log(JSON.stringify({ case: 'llama-server', missing: 'it is not built in this folder' }));
  await using server = hasServer ? await startLlamaServer(options) : undefined;
  const ratios: Record<string, number[]> = {};
  const own: { first: number[]; speed: number[] } = { first: [], speed: [] };
  const add = (name: string, ratio: number) => {
    ratios[name] ??= [];
    ratios[name].push(ratio);
  };
  const tools = localToolsOf(tandem)!;
  // The first makes the contexts and warms the caches.
  for (let round = -1; round < rounds; round++) {
    const text = question(round + 1);
    const prompt = tools.encodePrompt([{ role: 'user', content: text }]);
    const measured = await complete(tandem, text);
    const speed = (measured.tokens - 1) / measured.generate;
    const other = await server?.complete(prompt, measured.tokens);
    const bench = runLlamaBench(options, { read: prompt.length, written: measured.tokens });
    if (round < 0) continue;
    own.first.push(measured.firstToken);
    own.speed.push(speed * 1000);
    // Above 1 where Tandem is the faster one.
    add('reading / llama-bench', prompt.length / (measured.firstToken / 1000) / bench.read);
    add('writing / llama-bench', (speed * 1000) / bench.written);
    if (!other) continue;
    add('first token / llama-server', other.firstToken / measured.firstToken);
    add('writing / llama-server', speed / ((measured.tokens - 1) / other.generate));
  }
  const promptTokens = tools.encodePrompt([{ role: 'user', content: question(1) }]).length;
  console.log(
    JSON.stringify({
      case: 'Tandem',
      promptTokens,
      firstTokenMs: Math.round(median(own.first)),
      writtenTokensPerSecond: Math.round(median(own.speed) * 10) / 10,
    }),
  );
  for (const [name, list] of Object.entries(ratios))
    console.log(JSON.stringify({ case: name, rounds: list.length, speed: describeRatios(list) }));
}

/** Nothing is left in the cache of the prompt before, as in llama-bench. Milliseconds from the call to the first and last token. */
async function complete(model: LocalChatModel, text: string) {
  const tools = localToolsOf(model)!;
  await tools.evaluateLogits(tools.encodeText('.'));
  const call: LanguageModelV4CallOptions = {
    prompt: [{ role: 'user', content: [{ type: 'text', text }] }],
    maxOutputTokens: written,
  };
  const started = performance.now();
  const { stream } = await model.doStream(call);
  let firstToken = 0;
  let tokens = 0;
  for await (const part of stream) {
    if (part.type === 'text-delta') firstToken ||= performance.now() - started;
    if (part.type === 'finish') tokens = part.usage.outputTokens.total ?? 0;
  }
  return { firstToken, generate: performance.now() - started - firstToken, tokens };
}
