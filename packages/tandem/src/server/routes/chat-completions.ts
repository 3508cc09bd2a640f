import { createRoute } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { answerChat, type ChatContext, streamChat } from '../chat/answer-chat.ts';
import { apiErrorOf } from '../http/api-error.ts';
import { needs } from '../http/authenticate.ts';
import { chatChunkSchema, chatCompletionSchema, chatRequestSchema } from '../schemas/chat.ts';
import { errorResponses } from '../schemas/error.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';

const create = createRoute({
  method: 'post',
  path: '/chat/completions',
  tags: ['Chat'],
  summary: 'Answers messages',
  middleware: [needs('ask')] as const,
  request: { body: { required: true, content: { 'application/json': { schema: chatRequestSchema } } } },
  responses: {
    200: {
      description:
        'The answer; with "stream": true its pieces as server-sent events, the last of them "[DONE]".',
      content: {
        'application/json': { schema: chatCompletionSchema },
        'text/event-stream': { schema: chatChunkSchema },
      },
    },
    ...errorResponses,
  },
});

/** POST /chat/completions */
export function chatCompletionRoutes(context: ServerContext) {
  return newRoutes().openapi(create, async (c) => {
    const request = c.req.valid('json');
    const caller = c.get('caller');
    const chat: ChatContext = {
      served: context.models.get(request.model, 'chat', caller),
      caller,
      now: context.now(),
      // Whoever has gone does not wait for an answer.
      signal: AbortSignal.any([c.req.raw.signal, context.closing]),
    };
    if (!request.stream) return c.json(chatCompletionSchema.parse(await answerChat(request, chat)), 200);
    const pieces = streamChat(request, chat);
    // What is wrong with the request is known with the first piece, before any header is sent.
    const first = await pieces.next();
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => void pieces.return(undefined));
      try {
        for (let piece = first; !piece.done; piece = await pieces.next())
          await stream.writeSSE({ data: JSON.stringify(chatChunkSchema.parse(piece.value)) });
        await stream.writeSSE({ data: '[DONE]' });
      } catch (error) {
        if (!c.req.raw.signal.aborted) {
          context.log(error);
          await stream.writeSSE({ data: JSON.stringify(apiErrorOf(error).body) });
        }
      }
      // The types of a route know no stream of events.
    }) as never;
  });
}
