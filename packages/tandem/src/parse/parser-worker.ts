import { parentPort } from 'node:worker_threads';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { parseBody } from './parse-body.ts';
import type { ParserProgress, ParserReply, ParserRequest } from './parser-thread.ts';

// The other side of `parseInThread`: one request, one reply, and until then progress by pages.
parentPort?.on('message', async ({ mediaType, input }: ParserRequest) => {
  parentPort?.postMessage(await replyTo(mediaType, input));
});

async function replyTo(mediaType: string | undefined, input: ParserRequest['input']): Promise<ParserReply> {
  try {
    const onPage = (page: number, pages: number) =>
      parentPort?.postMessage({ page, pages } satisfies ParserProgress);
    return { body: await parseBody(mediaType, { ...input, onPage }) };
  } catch (error) {
    if (UnreadableDocumentError.isInstance(error)) {
      const { uri, reason, message, hint } = error;
      return { unreadable: { uri, reason, message, hint } };
    }
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { failed: { message, stack } };
  }
}
