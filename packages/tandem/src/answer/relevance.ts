import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import { dot } from '../core/cosine.ts';
import type { Passage } from '../core/types/document.ts';
import { usualSeparation } from '../index/measure-separation.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import { embedQueries } from '../retrieve/search/embed-query.ts';
import { spellOut } from '../retrieve/spell-out.ts';
import { sentences } from '../text/sentences.ts';
import { termsOf } from '../text/terms.ts';
import { passageText } from './prompt.ts';

/** What relevance is measured with. */
export interface RelevanceParts {
  /** The one that the index was made with. */
  embedder: EmbeddingModelV4;
  catalog: { documents: Pick<Catalog['documents'], 'languagesOf'>; index: Pick<Catalog['index'], 'get'> };
}

/**
 * How much the passages have to do with the question: of all passages and their sentences, the most of
 *
 *     m · cosine to the question + (1 − m) · (share of the question's terms that it has − ½)
 *
 * A passage on many things has a low cosine to each of them, hence its sentences. A text that is about something else has a cosine too, and
 * now and then a word of the question, so what it lacks of these speaks against it. `m` grows with how well the embedder tells the index's
 * passages apart: it is .69 at a separation of 4, and less where the embedder does not read the language. What the formula was
 * chosen on is in bench/results/sufficiency.md.
 *
 * Sentences are embedded only where no whole passage reaches `enough`: most questions cost nothing.
 *
 * @returns about −.5 to 1; undefined where passages have no cosines (an index without vectors), which says nothing.
 */
export async function relevanceOf(
  question: string,
  { passages, rewritten, spelledOut = [], parts = [] }: Omit<Retrieval, 'query' | 'timings'>,
  { embedder, catalog }: RelevanceParts,
  { enough, signal }: { enough: number; signal?: AbortSignal | undefined },
): Promise<number | undefined> {
  if (!passages.some(({ scores }) => scores.dense !== undefined)) return undefined;
  const whole = rewritten ?? question;
  const separation = (await catalog.index.get())?.separation?.value ?? usualSeparation;
  const languages = await catalog.documents.languagesOf(passages.map(({ documentId }) => documentId));
  // Each of several questions may be answered by itself, and an abbreviation by its long form.
  const asked = [whole, ...spelledOut, ...parts.map(({ name }) => name)];
  const coverage = coverageOf(asked);
  const weigh = weigher(separation);
  const measured = passages.map((passage) => {
    const language = languages.get(passage.documentId);
    const prefix = termsOf(passage.prefix ?? '', language);
    const covers = (text: string) => coverage([...prefix, ...termsOf(text, language)], language);
    return { passage, covers, value: weigh(passage.scores.dense ?? 0, covers(passage.text)) };
  });
  const best = Math.max(...measured.map(({ value }) => value));
  if (best >= enough) return best;

  const said = measured
    .flatMap(({ passage, covers }) => sentencesOf(passage).map((text) => ({ text, coverage: covers(text) })))
    .toSorted((a, b) => b.coverage - a.coverage)
    .slice(0, mostSentences);
  const questions = [spellOut(whole, spelledOut), ...parts.map(({ name }) => name)];
  const vectors = await embedQueries(embedder, [...questions, ...said.map(({ text }) => text)], signal);
  const ofQuestions = vectors.slice(0, questions.length);
  const values = vectors
    .slice(questions.length)
    .map((vector, at) => weigh(Math.max(...ofQuestions.map((own) => dot(own, vector))), said[at]!.coverage));
  return Math.max(best, ...values);
}

/** Those with most of the question's words. Each costs time, since they are embedded while somebody waits. */
const mostSentences = 20;

function weigher(separation: number): (cosine: number, coverage: number) => number {
  const meaning = 1 / (1 + Math.exp(-(0.8 + 0.4 * (separation - usualSeparation))));
  return (cosine, coverage) => meaning * cosine + (1 - meaning) * (coverage - 0.5);
}

/** Of several ways to ask, the one of which most is there. */
function coverageOf(asked: readonly string[]) {
  const remembered = new Map<string | undefined, ReadonlySet<string>[]>();
  const termsIn = (language: string | undefined) => {
    let terms = remembered.get(language);
    if (!terms) {
      terms = asked.map((text) => new Set(termsOf(text, language))).filter(({ size }) => size > 0);
      remembered.set(language, terms);
    }
    return terms;
  };
  return (terms: readonly string[], language: string | undefined): number => {
    const has = new Set(terms);
    const shares = termsIn(language).map(
      (question) => [...question].filter((term) => has.has(term)).length / question.size,
    );
    return Math.max(0, ...shares);
  };
}

function sentencesOf(passage: Passage): string[] {
  const text = passageText(passage);
  return sentences(text)
    .map(({ start, end }) => text.slice(start, end))
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}
