/** Flash attention and 8-bit keys and values beside neither: times, and whether an answer's numbers depend on what was asked before. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import {
  type LocalChatMetadata,
  type LocalChatModel,
  type LocalChatOptions,
  openLocalChat,
} from '../../packages/tandem/src/models/local-chat.ts';
import { collectPrompts } from './collect-prompts.ts';
import { describeRatios } from './ratios.ts';

const settings: Record<string, Partial<LocalChatOptions>> = {
  default: {},
  'flash attention': { flashAttention: true },
  'flash attention, 8-bit keys and values': { flashAttention: true, keyValueType: 'Q8_0' },
};

export async function compareSettings(options: {
  model: string;
  threads: number;
  questions: number;
}): Promise<void> {
  const calls = await collectPrompts(options.model, options.questions);
  await using opened = new AsyncDisposableStack();
  const models: [string, LocalChatModel][] = [];
  for (const [name, setting] of Object.entries(settings))
    models.push([
      name,
      opened.use(await openLocalChat({ path: options.model, threads: options.threads, ...setting })),
    ]);
  const rows = new Map(models.map(([name]) => [name, emptyRow()]));
  for (const [at, call] of calls.entries()) {
    const turns = models.map((_, turn) => models[(turn + at) % models.length]!);
    const answers = new Map<string, Awaited<ReturnType<typeof ask>>>();
    for (const [name, model] of turns) {
      await ask(model, unlike(call), 1);
      const alone = await ask(model, call);
      answers.set(name, alone);
      await ask(model, nearly(call), 1);
      const after = await ask(model, call);
      const row = rows.get(name)!;
      row.dependence = Math.max(row.dependence, alone.text === after.text ? largest(alone, after) : Infinity);
    }
    const base = answers.get('default')!;
    for (const [name, answer] of answers) {
      const row = rows.get(name)!;
      row.read.push(answer.read / base.read);
      row.written.push(answer.written / base.written);
      if (answer.text === base.text) row.same += 1;
    }
  }
  for (const [name, { read, written, same, dependence }] of rows)
    console.log(
      JSON.stringify({
        case: name,
        prompts: read.length,
        timeToFirstToken: describeRatios(read),
        timeOfEachToken: describeRatios(written),
        sameText: same,
        // Of the natural logarithms of the tokens' probabilities; "other text" where even a token differs.
        changeByEarlierQuestion: Number.isFinite(dependence) ? dependence : 'other text',
      }),
    );
}

const emptyRow = () => ({ read: [] as number[], written: [] as number[], same: 0, dependence: 0 });

/** A prompt that shares nothing with this one but the template's opening. */
function unlike(call: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  return { ...call, prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hello.' }] }] };
}

/** Another question about the same passages: only its last few tokens are to be evaluated. */
function nearly(call: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  const prompt = structuredClone(call.prompt);
  const last = prompt.at(-1)!;
  const part = typeof last.content === 'string' ? undefined : last.content[0];
  if (part?.type === 'text') part.text = `${part.text.slice(0, -12)} else?`;
  return { ...call, prompt };
}

async function ask(model: LocalChatModel, call: LanguageModelV4CallOptions, maxOutputTokens = 64) {
  const tandem = { ...call.providerOptions?.tandem, probabilities: true };
  const { content, usage, providerMetadata } = await model.doGenerate({
    ...call,
    maxOutputTokens,
    providerOptions: { tandem },
  });
  const { timings, tokens = [] } = providerMetadata!.tandem as unknown as LocalChatMetadata;
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    read: timings.firstToken,
    written: timings.generate / Math.max(1, (usage.outputTokens.total ?? 0) - 1),
    tokens,
  };
}

type Scored = Pick<Awaited<ReturnType<typeof ask>>, 'tokens'>;
const largest = (one: Scored, other: Scored) =>
  Math.max(
    0,
    ...one.tokens.map(({ probability }, at) =>
      Math.abs(Math.log(probability) - Math.log(other.tokens[at]!.probability)),
    ),
  );
