import type { EmbeddingModelV4, LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider';

/** An embedder that gives each text the vector that it is told to. */
export const embedderOf = (
  provider: string,
  modelId: string,
  vectorOf: (text: string) => number[],
): EmbeddingModelV4 => ({
  specificationVersion: 'v4',
  provider,
  modelId,
  maxEmbeddingsPerCall: 1000,
  supportsParallelCalls: true,
  doEmbed: async ({ values }) => ({ embeddings: values.map(vectorOf), warnings: [] }),
});

/** Counts letters: enough of an embedder to find things by, and an AI SDK model like any other. */
export const letterEmbedder = embedderOf('letters', 'count', (text) => {
  const counts = Array.from({ length: 26 }, () => 0.01);
  for (const letter of text.toLowerCase()) {
    const at = letter.charCodeAt(0) - 97;
    if (at >= 0 && at < 26) counts[at]! += 1;
  }
  return counts;
});

/** Texts with words in common are near to each other, short words counting for little; no two of a test's words share a place (FNV-1a). */
export const wordEmbedder = embedderOf('test', 'words', (text) => {
  const vector = Array.from({ length: 2049 }, () => 0);
  vector[2048] = 0.3;
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    let hash = 2166136261;
    for (const letter of word) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0;
    vector[hash % 2048]! += word.length > 3 ? 1 : 0.25;
  }
  return vector;
});

/** Of every scripted reply. */
export const scriptedUsage = {
  inputTokens: { total: 10, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 5, text: undefined, reasoning: undefined },
};
export const scriptedEnd = { unified: 'stop', raw: undefined } as const;

/** A chat model that says what it is told to, whole; nobody follows it as it writes. */
export const chatSaying = (
  say: (prompt: LanguageModelV4CallOptions['prompt']) => string,
): LanguageModelV4 => ({
  specificationVersion: 'v4',
  provider: 'scripted',
  modelId: 'chat',
  supportedUrls: {},
  doGenerate: async ({ prompt }) => ({
    content: [{ type: 'text', text: say(prompt) }],
    finishReason: scriptedEnd,
    usage: scriptedUsage,
    warnings: [],
  }),
  doStream: () => Promise.reject(new Error('Nobody follows this answer.')),
});
