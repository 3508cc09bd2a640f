import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { parseObject, setPath } from '../answer/structured-output.ts';
import { hashJson } from '../core/hash.ts';
import type { PromptVariant, Settings } from '../core/settings.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import { spellOut } from '../dataset/glossary.ts';
import type { ArmUnderTest } from './arm.ts';

// Yardsticks: what the cheap alternative would have given. They stand in the table and are never the verdict's choice.

/**
 * rag with the glossary's long forms put into the question by a table, instead of learnt by a model. Replaces `rag.answer`, so that both
 * arms share the answers to questions without a word of the glossary.
 */
export async function makeGlossaryArm(
  parts: AnsweringParts,
  rag: ArmUnderTest,
  glossary: readonly GlossaryEntry[],
  variant: PromptVariant | undefined,
): Promise<ArmUnderTest> {
  const answerer = await createAnswerer(parts, { arm: 'rag' });
  // At temperature 0 both arms give the same answer to a question without a glossary word. The arm whose turn comes first asks for it and
  // the other gets it, once: the latency pass asks for its own.
  const deterministic = parts.settings.answer.temperature === 0;
  const answersToShare = new Map<string, { from: string; answer: Promise<Answer> }>();
  const ragAnswer = rag.answer;
  const shareAnswer = (from: string, testCase: Case, signal: AbortSignal) => {
    const made = answersToShare.get(testCase.id);
    if (made && made.from !== from) {
      answersToShare.delete(testCase.id);
      return made.answer;
    }
    const answer = ragAnswer(testCase, signal);
    answersToShare.set(testCase.id, { from, answer });
    return answer;
  };
  const isPlain = ({ question }: Case) => deterministic && spellOut(question, glossary) === question;
  rag.answer = (testCase, signal) =>
    isPlain(testCase) ? shareAnswer('rag', testCase, signal) : ragAnswer(testCase, signal);
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
        ? shareAnswer('glossary', testCase, signal)
        : answerer.answer(spellOut(testCase.question, glossary), {
            signal,
            ...(variant && { variant }),
          }),
  };
}

/** Declines whatever it is asked: what right refusals alone are worth here. No model is asked and nothing is searched. */
export function makeDecliningArm({ answer }: Pick<Settings, 'answer'>): ArmUnderTest {
  const { notInSources, output } = answer;
  // Of a reply in JSON its text alone, where the schema allows that.
  const declined: Record<string, unknown> = {};
  if (output) setPath(declined, output.textField, notInSources);
  const structured = output && parseObject(JSON.stringify(declined), output.schema);
  return {
    name: 'decline',
    label: 'always decline',
    description: `Says "${notInSources}" to every question: what right refusals alone are worth.`,
    reference: true,
    retrieves: false,
    trained: false,
    fingerprint: hashJson({ decline: 1, notInSources, structured }),
    answer: async ({ question }): Promise<Answer> => ({
      question,
      arm: 'base',
      text: notInSources,
      ...(structured && { output: structured }),
      raw: notInSources,
      outcome: 'not in the sources',
      abstained: true,
      citations: [],
      danglingMarkers: [],
      passages: [],
      usage: { promptTokens: 0, completionTokens: 0 },
      timings: { generate: 0, total: 0 },
      traceId: 'none',
    }),
  };
}

/** What the best passage says in its own words, cited: an answer without any model but the embedder. */
export async function makeExtractArm(parts: AnsweringParts, shared: string): Promise<ArmUnderTest> {
  const answerer = await createAnswerer(parts, { extract: true });
  return {
    name: 'extract',
    label: 'extract',
    description:
      'What the best passage says to the question in its own sentences, rows or items, about 50 words, with no language model: plain text, no structured fields.',
    reference: true,
    retrieves: true,
    trained: false,
    fingerprint: hashJson({ common: shared, extract: 2 }),
    answer: ({ question }, signal) => answerer.answer(question, { signal }),
  };
}
