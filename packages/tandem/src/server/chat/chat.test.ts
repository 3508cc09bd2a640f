import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { ContextOverflowError } from '../../core/errors/context-overflow-error.ts';
import { localCaller } from '../keys/caller.ts';
import type { ServedChat } from '../models/served-model.ts';
import { ModelQueue } from '../queue/model-queue.ts';
import { chatChunkSchema, chatCompletionSchema, chatRequestSchema } from '../schemas/chat.ts';
import { answerChat, streamChat } from './answer-chat.ts';

const usage = {
  inputTokens: { total: 7, noCache: 7, cacheRead: 0, cacheWrite: undefined },
  outputTokens: { total: 3, text: 3, reasoning: 0 },
};
const finishReason = { unified: 'stop', raw: 'stop' } as const;

/** Says "Aye aye" and calls no tools; `asked` has what it was called with. */
function scripted(parts?: LanguageModelV4StreamPart[]) {
  const asked: LanguageModelV4CallOptions[] = [];
  const model: LanguageModelV4 = {
    specificationVersion: 'v4',
    provider: 'scripted',
    modelId: 'sailor',
    supportedUrls: {},
    async doGenerate(call) {
      asked.push(call);
      if ((call.maxOutputTokens ?? 0) > 90)
        throw new ContextOverflowError({
          promptTokens: 10,
          reservedTokens: call.maxOutputTokens!,
          contextLength: 100,
        });
      return { content: [{ type: 'text', text: 'Aye aye' }], finishReason, usage, warnings: [] };
    },
    async doStream(call) {
      asked.push(call);
      const all = parts ?? [
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: 'Aye ' },
        { type: 'text-delta', id: '0', delta: 'aye' },
        { type: 'text-end', id: '0' },
        { type: 'finish', usage, finishReason },
      ];
      return {
        stream: new ReadableStream({
          start(controller) {
            for (const part of all) controller.enqueue(part as LanguageModelV4StreamPart);
            controller.close();
          },
        }),
      };
    },
  };
  const served: ServedChat = {
    kind: 'chat',
    id: 'sailor',
    created: 0,
    ownedBy: 'tests',
    queue: new ModelQueue({ waiting: 4, waitingOfCaller: 4 }),
    open: async () => model,
    fingerprint: 'fp_1',
  };
  return { asked, context: { served, caller: localCaller, now: 1, signal: new AbortController().signal } };
}

const request = (more: object = {}) =>
  chatRequestSchema.parse({ model: 'sailor', messages: [{ role: 'user', content: 'Ahoy!' }], ...more });

test('an answer is in the form of the API, and several are drawn apart', async () => {
  const { asked, context } = scripted();
  const answer = chatCompletionSchema.parse(
    await answerChat(request({ n: 2, seed: 5, max_tokens: 9 }), context),
  );
  expect(answer.choices.map(({ message }) => message.content)).toEqual(['Aye aye', 'Aye aye']);
  expect(answer.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 6, total_tokens: 13 });
  expect(asked.map(({ seed, maxOutputTokens }) => [seed, maxOutputTokens])).toEqual([
    [5, 9],
    [6, 9],
  ]);
});

test('an answer whose length is left open has the room that there is, and one that is told has it or is refused', async () => {
  const { asked, context } = scripted();
  await answerChat(request(), context);
  expect(asked.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([1024, 90]);
  await expect(answerChat(request({ max_tokens: 95 }), context)).rejects.toMatchObject({
    code: 'context_overflow',
  });
});

test('a stream begins with the role, ends with the reason, and tells usage where it is asked for', async () => {
  const { context } = scripted();
  const pieces = [];
  for await (const piece of streamChat(
    request({ stream: true, stream_options: { include_usage: true } }),
    context,
  ))
    pieces.push(chatChunkSchema.parse(piece));
  expect(pieces[0]!.choices[0]!.delta.role).toBe('assistant');
  expect(pieces.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Aye aye');
  expect(pieces.at(-2)!.choices[0]!.finish_reason).toBe('stop');
  expect(pieces.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 10 } });
});

test('a tool call is streamed with its name first and its arguments after', async () => {
  const { context } = scripted([
    { type: 'tool-input-start', id: 'call_1', toolName: 'tide' },
    { type: 'tool-input-delta', id: 'call_1', delta: '{"day":' },
    { type: 'tool-input-delta', id: 'call_1', delta: '3}' },
    { type: 'tool-input-end', id: 'call_1' },
    { type: 'tool-call', toolCallId: 'call_1', toolName: 'tide', input: '{"day":3}' },
    { type: 'finish', usage, finishReason: { unified: 'tool-calls', raw: 'tool-calls' } },
  ]);
  const calls = [];
  let reason: unknown;
  for await (const { choices } of streamChat(request({ stream: true }), context)) {
    calls.push(...(choices[0]!.delta.tool_calls ?? []));
    reason = choices[0]!.finish_reason ?? reason;
  }
  expect(calls[0]).toMatchObject({ index: 0, id: 'call_1', type: 'function', function: { name: 'tide' } });
  expect(calls.map((call) => call.function?.arguments).join('')).toBe('{"day":3}');
  expect(reason).toBe('tool_calls');
});

test('who stops reading gives the model to the next', async () => {
  const { context } = scripted();
  const pieces = streamChat(request({ stream: true }), context);
  await pieces.next();
  const next = answerChat(request({ max_tokens: 3 }), context);
  await pieces.return(undefined);
  expect((await next).choices[0]!.message.content).toBe('Aye aye');
});

test.each([
  [{ logit_bias: { 1: 2 } }, 'logit_bias'],
  [{ audio: {} }, 'audio'],
  [{ store: true }, 'store'],
  [{ reasoning_effort: 'low' }, 'reasoning_effort'],
])('%j is refused by its name', (more, name) => {
  const parsed = chatRequestSchema.safeParse({
    model: 'x',
    messages: [{ role: 'user', content: 'a' }],
    ...more,
  });
  expect(parsed.success).toBe(false);
  expect(parsed.error!.issues[0]!.message).toContain(`"${name}" is not supported`);
});
