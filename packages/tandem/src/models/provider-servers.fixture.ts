import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  path: string;
  authorization: string | undefined;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
}

/** What a handler answers with: JSON, or lines of a stream, each sent by itself. */
export type Reply =
  | { status?: number; json: unknown }
  | { lines: string[]; type: string; breakOff?: boolean };

/** A server on loopback that records what it is sent and answers as told; the base of the providers' tests. */
export class JsonServer implements AsyncDisposable {
  readonly received: ReceivedRequest[] = [];
  url = '';
  readonly #server: Server;

  private constructor(handle: (request: ReceivedRequest) => Reply) {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
      const received: ReceivedRequest = {
        path: request.url ?? '',
        authorization: request.headers.authorization,
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      this.received.push(received);
      const reply = handle(received);
      if ('json' in reply) {
        response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(reply.json));
        return;
      }
      response.writeHead(200, { 'content-type': reply.type });
      for (const line of reply.lines) response.write(line);
      if (reply.breakOff) response.destroy();
      else response.end();
    });
  }

  static async start(handle: (request: ReceivedRequest) => Reply): Promise<JsonServer> {
    const server = new JsonServer(handle);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Speaks OpenAI's chat completions and embeddings: answers with the question's words, embeds a text as its length. */
export function openAICompatible(request: ReceivedRequest): Reply {
  if (request.path === '/v1/embeddings') {
    const input = request.body.input as string[];
    return {
      json: {
        object: 'list',
        data: input.map((text, index) => ({ object: 'embedding', index, embedding: [text.length, 1, 0] })),
        usage: { prompt_tokens: 7, total_tokens: 7 },
      },
    };
  }
  if (request.path !== '/v1/chat/completions')
    return { status: 404, json: { error: { message: 'no such path' } } };
  const messages = request.body.messages as { role: string; content: string }[];
  const answer =
    request.body.response_format === undefined
      ? `You asked: ${messages.at(-1)?.content}`
      : '{"intent":"causes"}';
  const common = { id: 'x', created: 1, model: request.body.model };
  const usage = { prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 };
  if (!request.body.stream) {
    const choice = { index: 0, message: { role: 'assistant', content: answer }, finish_reason: 'stop' };
    return { json: { ...common, object: 'chat.completion', choices: [choice], usage } };
  }
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return {
    type: 'text/event-stream',
    lines: [
      chunk({ role: 'assistant', content: answer.slice(0, 5) }, null),
      chunk({ content: answer.slice(5) }, null),
      chunk({}, 'stop'),
      `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices: [], usage })}\n\n`,
      'data: [DONE]\n\n',
    ],
  };
}

/**
 * Speaks Ollama's own API, and shortens prompts as Ollama does: a token is four characters here, the oldest messages but
 * the system's go first, and `truncate: false` is heeded only by a server that knows it.
 */
export function ollama(options: {
  knowsTruncate: boolean;
  trainedContext?: number;
}): (request: ReceivedRequest) => Reply {
  return ({ path, body }) => {
    if (body.model === 'absent') return { status: 404, json: { error: "model 'absent' not found" } };
    if (path === '/api/show') {
      return {
        json: {
          model_info: {
            'general.architecture': 'llama',
            'llama.context_length': options.trainedContext ?? 131_072,
          },
        },
      };
    }
    if (path === '/api/embed') {
      const input = body.input as string[];
      return { json: { embeddings: input.map((text) => [text.length, 1]), prompt_eval_count: 5 } };
    }
    const limit = (body.options as { num_ctx?: number }).num_ctx ?? 2048;
    let messages = body.messages as { role: string; content: string }[];
    const count = () => messages.reduce((sum, { content }) => sum + Math.ceil(content.length / 4) + 4, 0);
    if (count() > limit && options.knowsTruncate && body.truncate === false) {
      return { status: 400, json: { error: 'the input length exceeds the context length' } };
    }
    while (count() > limit && messages.length > 1) {
      const oldest = messages.findIndex(({ role }) => role !== 'system');
      messages = messages.toSpliced(oldest, 1);
    }
    const answer =
      body.format === undefined
        ? `You asked: ${messages.at(-1)?.content.slice(0, 40)}`
        : '{"intent":"causes"}';
    const final = {
      done: true,
      done_reason: 'stop',
      prompt_eval_count: Math.min(count(), limit),
      eval_count: 3,
    };
    const model = body.model;
    if (!body.stream) return { json: { model, message: { role: 'assistant', content: answer }, ...final } };
    const line = (value: object) => `${JSON.stringify({ model, ...value })}\n`;
    const first = line({ message: { role: 'assistant', content: answer.slice(0, 5) }, done: false });
    return {
      type: 'application/x-ndjson',
      // A line may come in two pieces.
      lines: [
        first.slice(0, 20),
        first.slice(20),
        line({ message: { role: 'assistant', content: answer.slice(5) }, done: false }),
        line({ message: { role: 'assistant', content: '' }, ...final }),
      ],
    };
  };
}
