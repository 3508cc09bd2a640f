import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { sha256 } from '../../core/hash.ts';
import { isHit } from '../../core/span-overlap.ts';
import type { TrainingQuestion } from '../../dataset/training-question.ts';
import { type AskedSection, headingKey, sectionsFor } from '../../retrieve/learn/asked-sections.ts';
import type { Retriever } from '../../retrieve/retriever.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import type { Signals } from '../../retrieve/signals/signals.ts';
import type { RankedQuestion } from './fit-ranking.ts';

/** A training question as it was searched. */
export interface SearchedQuestion extends RankedQuestion {
  group: string;
  /** Without the names in it. */
  unnamed: string;
  /** SHA-256 of the id of the document that answers it. */
  document: string;
  /** That the passage which answers it stands below, as `headingKey` gives it. */
  heading: string | undefined;
  candidates: { signals: Signals; headingPath: readonly string[]; isWanted: boolean }[];
}

/** A question that was answered below a heading, and the group that it is of. */
type Asked = AskedSection & { group: string };

/** A training question whose source is known, and the group that it is of by `independentGroups`. */
export type PlacedQuestion = TrainingQuestion & {
  source: NonNullable<TrainingQuestion['source']>;
  group: string;
};

/** Searches a question as people ask it, and tells which of the passages compared answer it. */
export async function searchQuestion(
  retriever: Retriever,
  { question, source, group }: PlacedQuestion,
  signal: AbortSignal | undefined,
): Promise<SearchedQuestion> {
  const { explanation } = await retriever.retrieve(question, {
    k: 10,
    explain: true,
    ...(signal && { signal }),
  });
  const candidates = explanation!.compared.map(({ chunk, signals }) => ({
    signals,
    headingPath: chunk.headingPath,
    isWanted: chunk.documentId === source.documentId && isHit(chunk, source),
  }));
  const right = candidates.find(({ isWanted }) => isWanted);
  return {
    group,
    unnamed: explanation!.plan.unnamed,
    document: sha256(source.documentId),
    heading: right && headingKey(right.headingPath),
    candidates,
  };
}

/** Texts that are embedded at once. */
const batch = 64;

/**
 * Tells each candidate how often questions like this one were answered below a heading like its own. A question is not told its own
 * answer, nor that of one about the same (of its group).
 * @returns what the learning questions have taught
 */
export async function tellSections(
  { learning, judging }: Record<'learning' | 'judging', readonly SearchedQuestion[]>,
  embedder: EmbeddingModelV4,
  signal: AbortSignal | undefined,
): Promise<AskedSection[]> {
  const all = [...learning, ...judging];
  const vectors: Float32Array[] = [];
  while (vectors.length < all.length) {
    signal?.throwIfAborted();
    const texts = all.slice(vectors.length, vectors.length + batch).map(({ unnamed }) => unnamed);
    vectors.push(...(await embedQueries(embedder, texts, signal)));
  }
  const asked = learning.flatMap(({ heading, group, document }, at): Asked[] =>
    heading === undefined ? [] : [{ heading, vector: vectors[at]!, group, document }],
  );
  for (const [at, { group, candidates }] of all.entries()) {
    const others = asked.filter((one) => one.group !== group);
    const sections = sectionsFor(vectors[at]!, others);
    for (const candidate of candidates)
      candidate.signals = {
        ...candidate.signals,
        sections: sections.get(headingKey(candidate.headingPath) ?? '') ?? 0,
      };
  }
  return asked.map(({ group: _group, ...one }) => one);
}
