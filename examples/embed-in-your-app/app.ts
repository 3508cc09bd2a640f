/** Answers a question from documents in memory, as it is written, with the exact words that it rests on: `node app.ts "…"`. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText } from 'ai';
import { createTandem, fromDocuments, ingest } from 'tandem';
import { documents } from './documents.ts';

const question = process.argv.slice(2).join(' ') || 'How many days of leave do I have?';

// Any model of the AI SDK can write the answers. Without one Tandem's small local model does, fetched once (98 MB).
const { CHAT_URL, CHAT_MODEL, CHAT_KEY } = process.env;
const chat =
  CHAT_URL && CHAT_MODEL
    ? createOpenAICompatible({
        name: 'chat',
        baseURL: CHAT_URL,
        ...(CHAT_KEY && { apiKey: CHAT_KEY }),
      })(CHAT_MODEL)
    : 'local:smollm2-135m-instruct';

await using tandem = await createTandem({ chat, sources: [fromDocuments(documents)] });
await ingest(tandem);

const { textStream, sources } = streamText({
  model: tandem.languageModel('rag'),
  prompt: question,
  maxOutputTokens: 150,
  maxRetries: 0,
  onError({ error }) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
});
for await (const piece of textStream) process.stdout.write(piece);
process.stdout.write('\n');
if (process.exitCode !== 1)
  for (const { providerMetadata } of await sources) {
    const { marker, uri, start, end, quote } = providerMetadata!.tandem!;
    console.log(`[${marker}] ${uri}:${start}–${end} “${quote}”`);
  }
