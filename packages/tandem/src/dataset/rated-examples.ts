import { buildMessages } from '../answer/prompt.ts';
import { canonicalJson, sha256 } from '../core/hash.ts';
import type { Case } from '../core/types/example.ts';
import { isBlank } from '../core/written-text.ts';
import type { Parts } from '../parts/parts.ts';
import type { SourcedExample } from './compose/example.ts';
import { findLeakage } from './leakage.ts';
import { splitsOf } from './split.ts';

/**
 * Examples made of answers that people rated up, and of those that they rated down and corrected: question and passages as they were shown, put into the prompt that a
 * tuned model is asked with, and the reply that was right. Equal ones come once; one that a held-out case asks is left out.
 */
export async function ratedExamples(
  { catalog, settings }: Pick<Parts, 'catalog' | 'settings'>,
  cases: readonly Case[],
): Promise<{ train: SourcedExample[]; validation: SourcedExample[]; heldOut: number }> {
  const found = new Map<string, { question: string; sourced: SourcedExample }>();
  for (const { traceId, rating, better } of await catalog.feedback.list()) {
    const trace = await catalog.traces.get(traceId);
    const said = rating === 'up' ? trace?.rawOutput : better;
    // Without the messages it was no model's answer, or a document in it was forgotten.
    if (!trace?.messages || said === undefined || isBlank(said)) continue;
    const { question, passages, searchQuery, answer } = trace;
    const messages = [
      ...buildMessages({
        arm: passages.length > 0 ? 'hybrid' : 'tuned',
        answer: settings.answer,
        question,
        ...(passages.length > 0 && { passages }),
        searchedFor: {
          ...(searchQuery && { searchQuery }),
          ...(answer.spelledOut && { spelledOut: answer.spelledOut }),
        },
      }),
      { role: 'assistant' as const, content: said },
    ];
    const id = `rated-${sha256(canonicalJson(messages)).slice(0, 10)}`;
    found.set(id, {
      question,
      sourced: {
        example: {
          messages,
          metadata: {
            id,
            kind: 'rated',
            group: id,
            provenance: {
              traceId,
              spans: passages.map(({ documentId, start, end }) => ({ documentId, start, end })),
              foundBy: rating === 'up' ? 'rated' : 'corrected',
            },
          },
        },
        documents: [...new Set(passages.map(({ documentId }) => documentId))],
      },
    });
  }
  const all = [...found].map(([id, { question, sourced }]) => ({ id, question, sourced }));
  const { findings } = findLeakage({ examples: all.map(({ sourced }) => sourced.example), cases });
  const leaking = new Set(findings.map(({ exampleIndex }) => exampleIndex));
  const rated = all.filter((_, at) => !leaking.has(at));
  const splits = splitsOf(rated);
  const sourcedOf = (wanted: boolean) =>
    rated.filter((_, at) => (splits[at] === 'validation') === wanted).map(({ sourced }) => sourced);
  const heldOut = all.length - rated.length;
  // Of very few all are trained on.
  const train = sourcedOf(false);
  return train.length > 0
    ? { train, validation: sourcedOf(true), heldOut }
    : { train: sourcedOf(true), validation: [], heldOut };
}
