import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Settings } from '../../core/settings.ts';
import { decideField, type Head } from '../../decide/head.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import { type AnswerStep, writtenReply } from '../step.ts';
import { setPath } from '../structured-output.ts';

/**
 * `generate` without a language model: the reply has the fields that the head chooses, each at its path, and the confidence where the project
 * asks for one. What else the schema requires is absent, and the text that a person reads is empty.
 */
export function decideStep({
  embedder,
  head,
  answer,
}: {
  embedder: EmbeddingModelV4;
  head: Pick<Head, 'fields'>;
  answer: Settings['answer'];
}): AnswerStep {
  return {
    name: 'generate',
    async run({ request, reply }, { signal }) {
      if (reply) return { read: { text: reply.text, abstained: true, citations: [], danglingMarkers: [] } };
      const started = performance.now();
      const [vector] = await embedQueries(embedder, [request.question], signal);
      const decided = head.fields.map((field) => decideField(field, vector!));
      const output: Record<string, unknown> = {};
      for (const { path, choice } of decided) setPath(output, path, choice);
      const stated = answer.output?.confidence;
      const confidence = decided.find(({ path }) => path === stated?.of)?.probability;
      if (stated && confidence !== undefined) output[stated.field] = Math.round(confidence * 1000) / 1000;
      const milliseconds = performance.now() - started;
      return {
        reply: { ...writtenReply('head', JSON.stringify(output)), milliseconds },
        read: {
          text: '',
          output,
          abstained: false,
          citations: [],
          danglingMarkers: [],
          ...(confidence !== undefined && { confidence }),
          probabilities: Object.fromEntries(decided.map(({ path, probability }) => [path, probability])),
        },
      };
    },
  };
}
