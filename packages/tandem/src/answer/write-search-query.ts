import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { Settings } from '../core/settings.ts';
import type { AdapterReference } from '../models/local-tools.ts';
import { generate, type Reply } from './generate.ts';
import { buildRewriteMessages } from './prompt.ts';

/** The tuned model turns a question into a search query; `searchQuery` is absent where it wrote nothing. */
export async function writeSearchQuery(
  question: string,
  {
    chat,
    answer,
    adapter,
    signal,
  }: {
    chat: LanguageModelV4;
    answer: Settings['answer'];
    adapter?: AdapterReference | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<{ reply: Reply; searchQuery?: string }> {
  const reply = await generate(chat, buildRewriteMessages(question, answer), {
    maxTokens: 48,
    temperature: 0,
    adapter,
    signal,
  });
  const searchQuery = reply.text.split('\n')[0]!.trim();
  return { reply, ...(searchQuery && { searchQuery }) };
}
