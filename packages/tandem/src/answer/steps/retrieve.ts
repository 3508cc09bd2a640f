import type { Settings } from '../../core/settings.ts';
import type { RetrieveOptions, Retriever } from '../../retrieve/retriever.ts';
import type { AnswerRequest, AnswerStep } from '../step.ts';

/** Finds the passages for the question, as the settings say, among the documents that it may be answered from. */
export function retrieveStep(parts: { retriever: Retriever; retrieve: Settings['retrieve'] }): AnswerStep {
  return {
    name: 'retrieve',
    async run({ request, rewrite, reply }, { signal }) {
      if (reply) return {};
      const before = performance.now();
      const found = await parts.retriever.retrieve(request.searchFor ?? request.question, {
        ...retrieveOptions(parts.retrieve, request),
        signal,
        ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
      });
      return { retrieved: { ...found, milliseconds: performance.now() - before } };
    },
  };
}

function retrieveOptions(
  settings: Settings['retrieve'],
  { k = settings.k, access, metadata, documentIds, turns }: AnswerRequest,
): RetrieveOptions {
  return {
    k,
    neighbours: settings.neighbours,
    ...(settings.maxTokens !== undefined && { maxTokens: settings.maxTokens }),
    ...(access && { access }),
    ...(metadata && { metadata }),
    ...(documentIds && { documentIds }),
    ...(turns && { turns }),
  };
}
