import type { RerankingModelV4 } from '@ai-sdk/provider';
import { z } from 'zod';
import type { EmbedderLanguages } from './embedder-languages.ts';

/** What a reranker says of itself, in its property `tandem`. The AI SDK's interface leaves it open, and it cannot be seen in a few scores. */
export interface RerankerDeclaration {
  /** What its scores are: shares from 0 to 1, or logits, of any size. */
  scores?: 'shares' | 'logits' | undefined;
  /** That it reads (ISO 639-1), or `many`. A search whose passages are in others is left as it was. */
  languages?: EmbedderLanguages | undefined;
}

const declarationSchema = z.object({
  scores: z.enum(['shares', 'logits']).optional(),
  languages: z.union([z.literal('many'), z.array(z.string())]).optional(),
});

/** What a reranking model declares; nothing, where it has no such property. */
export function declarationOf(model: RerankingModelV4): RerankerDeclaration {
  const { data = {} } = declarationSchema.safeParse(Reflect.get(model, 'tandem'));
  return data;
}
