import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { hashJson } from '../core/hash.ts';
import type { PromptVariant } from '../core/settings.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import { spellOut } from '../dataset/glossary.ts';
import type { ArmUnderTest } from './types.ts';

/**
 * Yardsticks: what the cheap alternative would have given. In the table, never the verdict's choice.
 */

/** rag with the glossary's long forms put into the question by a table, instead of learnt by a model. */
export async function glossaryArm(
  parts: AnsweringParts,
  rag: ArmUnderTest,
  glossary: readonly GlossaryEntry[],
  variant: PromptVariant | undefined,
): Promise<ArmUnderTest> {
  const answerer = await createAnswerer(parts, { arm: 'rag' });
  // Questions without a glossary word are rag's own, and temperature 0 gives the same answer: asked once by whichever arm's turn
  // comes first, and handed to the other once, so that the latency pass measures its own.
  const deterministic = parts.settings.answer.temperature === 0;
  const waiting = new Map<string, { from: string; answer: Promise<Answer> }>();
  const ragAnswer = rag.answer;
  const shared = (from: string, testCase: Case, signal: AbortSignal) => {
    const made = waiting.get(testCase.id);
    if (made && made.from !== from) {
      waiting.delete(testCase.id);
      return made.answer;
    }
    const answer = ragAnswer(testCase, signal);
    waiting.set(testCase.id, { from, answer });
    return answer;
  };
  const isPlain = ({ question }: Case) => deterministic && spellOut(question, glossary) === question;
  rag.answer = (testCase, signal) =>
    isPlain(testCase) ? shared('rag', testCase, signal) : ragAnswer(testCase, signal);
  return {
    name: 'rag+glossary',
    label: 'rag + glossary',
    description:
      'rag, with abbreviations in the question replaced from the glossary by a table: the cheap alternative to teaching them.',
    reference: true,
    retrieves: true,
    trained: false,
    fingerprint: hashJson({ rag: rag.fingerprint, glossary }),
    answer: (testCase, signal) =>
      isPlain(testCase)
        ? shared('glossary', testCase, signal)
        : answerer.answer(spellOut(testCase.question, glossary), {
            signal,
            ...(variant && { variant }),
          }),
  };
}

/** What the best passage says in its own words, cited: an answer without any model but the embedder. */
export async function extractArm(parts: AnsweringParts, common: string): Promise<ArmUnderTest> {
  const answerer = await createAnswerer(parts, { extract: true });
  return {
    name: 'extract',
    label: 'extract',
    description:
      'What the best passage says to the question in its own sentences, rows or items, about 50 words, with no language model: plain text, no structured fields.',
    reference: true,
    retrieves: true,
    trained: false,
    fingerprint: hashJson({ common, extract: 2 }),
    answer: ({ question }, signal) => answerer.answer(question, { signal }),
  };
}
