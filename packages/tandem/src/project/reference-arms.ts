import { extractAnswer } from '../answer/extract.ts';
import type { PromptVariant } from '../core/config.ts';
import { hashJson } from '../core/hash.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { type GlossaryEntry, spellOut } from '../dataset/glossary.ts';
import type { ArmUnderTest } from '../evaluate/types.ts';
import type { Project } from './project.ts';

/**
 * Yardsticks: what the cheap alternative would have given. In the table, never the verdict's choice.
 */

/** rag with the glossary's long forms put into the question by a table, instead of learnt by a model. */
export async function glossaryArm(
  project: Project,
  rag: ArmUnderTest,
  glossary: readonly GlossaryEntry[],
  variant: PromptVariant | undefined,
): Promise<ArmUnderTest> {
  const answerer = await project.answerer('rag');
  // Questions without a glossary word are rag's own, and temperature 0 gives the same answer: asked once.
  const plain = new Map<string, Promise<Answer>>();
  const ragAnswer = rag.answer;
  rag.answer = (testCase: Case, signal: AbortSignal) => {
    const answer = ragAnswer(testCase, signal);
    if (project.config.answer.temperature === 0) plain.set(testCase.id, answer);
    return answer;
  };
  return {
    name: 'rag+glossary',
    label: 'rag + glossary',
    description:
      'rag, with abbreviations in the question replaced from the glossary by a table: the cheap alternative to teaching them.',
    reference: true,
    retrieves: true,
    trained: false,
    fingerprint: hashJson({ rag: rag.fingerprint, glossary }),
    answer: async (testCase, signal) => {
      const question = spellOut(testCase.question, glossary);
      const same = question === testCase.question ? plain.get(testCase.id) : undefined;
      if (same) return same;
      return answerer.answer(question, { arm: 'rag', signal, ...(variant && { variant }) });
    },
  };
}

/** The first sentences of the best passage, cited: an answer without any model but the embedder. */
export async function extractArm(project: Project, common: string): Promise<ArmUnderTest> {
  const parts = { config: project.config, catalog: project.catalog, retriever: await project.retriever() };
  return {
    name: 'extract',
    label: 'extract',
    description:
      'The first sentences of the best passage, about 50 words, with no language model: it has no intent and no JSON.',
    reference: true,
    retrieves: true,
    trained: false,
    fingerprint: hashJson({ common, extract: 1 }),
    answer: ({ question }, signal) => extractAnswer(parts, question, { signal }),
  };
}
