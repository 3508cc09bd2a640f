import type { Forgetting } from '../catalog/catalog.ts';
import type { AnswerRecord } from '../evaluate/comparison-result.ts';
import { type ForgottenText, removedMark } from './forgotten-text.ts';

/** Whether an answer was made with the document among its passages or citations, or says what only the document says. */
export function hasSeen(
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

/** Besides text and citations. */
type ContentMember =
  | 'output'
  | 'spelledOut'
  | 'claims'
  | 'revision'
  | 'choices'
  | 'unanswered'
  | 'conflicting'
  | 'notes';

/** The answer without its words: where the document was seen, any of them may be what the document said. */
export function withoutContent<T extends Pick<AnswerRecord, 'text' | 'raw' | 'citations'>>(answer: T): T {
  const {
    output: _output,
    spelledOut: _names,
    claims: _claims,
    revision: _draft,
    choices: _titles,
    unanswered: _asked,
    conflicting: _spans,
    notes: _notes,
    ...rest
  } = answer as T & Partial<Record<ContentMember, unknown>>;
  return { ...(rest as T), text: removedMark, raw: removedMark, citations: [] };
}
