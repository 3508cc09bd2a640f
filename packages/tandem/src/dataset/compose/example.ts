import { buildMessages, type PassageText } from '../../answer/prompt.ts';
import type { Settings } from '../../core/settings.ts';
import type { Passage } from '../../core/types/document.ts';
import type { Example } from '../../core/types/example.ts';
import type { TrainingQuestion, Wording } from '../training-question.ts';
import type { DatasetMix } from './dataset-mix.ts';
import type { FoundAnswer } from './find-answer.ts';

/** An example, and the ids of the documents that it has words of: its answer's, and those of the passages shown. */
export interface SourcedExample {
  example: Example;
  documents: string[];
}

export function makeExample(
  question: TrainingQuestion,
  kind: keyof DatasetMix,
  messages: Example['messages'],
  { passages = [], answer }: { passages?: readonly Passage[]; answer?: FoundAnswer | undefined } = {},
): SourcedExample {
  const provenance = {
    ...question.provenance,
    // How a question was made says more than that its answer stands where it was made from.
    ...(answer && {
      spans: answer.passages.map(({ documentId, start, end }) => ({ documentId, start, end })),
      foundBy: question.provenance?.foundBy ?? answer.foundBy,
    }),
  };
  const own = question.source ? [question.source.documentId] : [];
  return {
    example: {
      messages,
      metadata: {
        id: question.id,
        kind,
        group: question.group ?? question.id,
        ...(question.source && { documentId: question.source.documentId }),
        ...(Object.keys(provenance).length > 0 && { provenance }),
      },
    },
    documents: [...new Set([...own, ...passages.map(({ documentId }) => documentId)])],
  };
}

/** The conversation in which the hybrid arm is asked. */
export function hybridMessages(
  { answer }: Pick<Settings, 'answer'>,
  { question, searchQuery }: Wording,
  passages: readonly PassageText[],
  spelledOut: readonly string[],
): Example['messages'] {
  const searchedFor = { ...(searchQuery && { searchQuery }), spelledOut };
  return buildMessages({ arm: 'hybrid', answer, question, passages, searchedFor });
}
