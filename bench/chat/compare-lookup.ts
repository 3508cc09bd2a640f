/** Tokens guessed from the prompt (node-llama-cpp's InputLookupTokenPredictor) beside one token at a time, on real prompts with their grammar. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ChatMessage } from '../../packages/tandem/src/core/types/example.ts';
import {
  type LocalChatMetadata,
  type LocalChatModel,
  openLocalChat,
} from '../../packages/tandem/src/models/local-chat.ts';
import { localToolsOf } from '../../packages/tandem/src/models/local-tools.ts';
import { collectPrompts } from './collect-prompts.ts';
import { describeRatios, median } from './ratios.ts';

export async function compareLookup(options: {
  model: string;
  threads: number;
  questions: number;
}): Promise<void> {
  const calls = await collectPrompts(options.model, options.questions);
  await using plain = await openLocalChat({ path: options.model, threads: options.threads });
  await using guessing = await openLocalChat({ path: options.model, threads: options.threads, lookup: true });
  const [wall, processor, tokens]: [number[], number[], number[]] = [[], [], []];
  const different: { question: number; token: number; margin: number }[] = [];
  for (const [at, call] of calls.entries()) {
    const [first, second] = at % 2 === 0 ? [plain, guessing] : [guessing, plain];
    const results = new Map([
      [first, await generate(first, call)],
      [second, await generate(second, call)],
    ]);
    const [one, other] = [results.get(plain)!, results.get(guessing)!];
    if (one.text !== other.text)
      different.push({ question: at, ...(await whereTheyPart(plain, call, one.text, other.text)) });
    else if (one.tokens > 1) {
      wall.push(other.milliseconds / one.milliseconds);
      processor.push(other.processorMilliseconds / one.processorMilliseconds);
      tokens.push(one.tokens);
    }
  }
  console.log(
    JSON.stringify({
      case: 'lookup',
      prompts: calls.length,
      sameText: calls.length - different.length,
      atTies: different.filter(({ margin }) => margin < 1e-4).length,
      writtenTokens: median(tokens),
      writing_lookup_plain: describeRatios(wall),
      processor_lookup_plain: describeRatios(processor),
    }),
  );
  for (const each of different) console.log(JSON.stringify({ case: 'lookup differs', ...each }));
}

async function generate(model: LocalChatModel, call: LanguageModelV4CallOptions) {
  const before = process.cpuUsage();
  const { content, usage, providerMetadata } = await model.doGenerate(call);
  const { user, system } = process.cpuUsage(before);
  const { timings } = providerMetadata!.tandem as unknown as LocalChatMetadata;
  const total = timings.firstToken + timings.generate;
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    tokens: usage.outputTokens.total ?? 0,
    milliseconds: timings.generate,
    // The processor's time of the writing, by its share of the whole.
    processorMilliseconds: ((user + system) / 1000) * (timings.generate / total),
  };
}

/** How far apart the model finds the two tokens at which two answers part. */
async function whereTheyPart(
  model: LocalChatModel,
  call: LanguageModelV4CallOptions,
  one: string,
  other: string,
): Promise<{ token: number; margin: number }> {
  const tools = localToolsOf(model)!;
  const [a, b] = [tools.encodeText(one), tools.encodeText(other)];
  let token = 0;
  while (token < a.length && token < b.length && a[token] === b[token]) token += 1;
  const messages = call.prompt.map(
    ({ role, content }): ChatMessage => ({
      role: role as ChatMessage['role'],
      content:
        typeof content === 'string'
          ? content
          : content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    }),
  );
  const tokens = [...tools.encodePrompt(messages), ...a.slice(0, token)];
  const [logits] = await tools.evaluateLogits(tokens, { positions: [tokens.length - 1] });
  const logitOf = (list: number[]) => logits![list[token] ?? tools.endOfTurn]!;
  return { token, margin: Math.abs(logitOf(a) - logitOf(b)) };
}
