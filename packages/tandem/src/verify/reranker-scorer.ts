import type { RerankingModelV4 } from '@ai-sdk/provider';
import type { ClaimScorer } from './cross-encoder-verifier.ts';

/** A reranking model as what scores a claim with each of some texts: the claim stands where a question does. */
export function rerankerScorer(model: RerankingModelV4): ClaimScorer {
  return {
    async score(claim, texts, { signal } = {}) {
      const { ranking } = await model.doRerank({
        query: claim,
        documents: { type: 'text', values: [...texts] },
        ...(signal && { abortSignal: signal }),
      });
      const scores = texts.map(() => 0);
      for (const { index, relevanceScore } of ranking) scores[index] = relevanceScore;
      return scores;
    },
  };
}
