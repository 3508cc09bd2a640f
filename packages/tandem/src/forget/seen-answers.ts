import type { Forgetting } from '../catalog/catalog.ts';
import type { AnswerRecord } from '../evaluate/comparison-result.ts';
import { type ForgottenText, removedMark } from './forgotten-text.ts';

/** Was an answer made with the document in sight, or does it say what only the document says? */
export function sawIt(
  answer: {
    passages: readonly { documentId?: string; id: string }[];
    citations: readonly { documentId: string }[];
    raw: string;
  },
  { id }: Forgetting,
  text: ForgottenText,
): boolean {
  return (
    answer.passages.some((passage) => passage.documentId === id || text.isName(passage.id)) ||
    answer.citations.some((citation) => citation.documentId === id) ||
    text.isIn(answer.raw)
  );
}

/** An answer that was written with the document in sight: what it says may be what the document said. */
export function answerWithout<T extends Pick<AnswerRecord, 'text' | 'raw' | 'citations'>>(answer: T): T {
  const {
    output: _output,
    spelledOut: _names,
    ...rest
  } = answer as T & { output?: unknown; spelledOut?: unknown };
  return { ...(rest as T), text: removedMark, raw: removedMark, citations: [] };
}
