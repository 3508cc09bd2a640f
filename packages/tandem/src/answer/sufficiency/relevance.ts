import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../../catalog/catalog.ts';
import { dot } from '../../core/cosine.ts';
import type { Passage } from '../../core/types/document.ts';
import { usualSeparation } from '../../index/measure-separation.ts';
import type { Retrieval } from '../../retrieve/retrieval.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import { spellOut } from '../../retrieve/spell-out.ts';
import { sentences } from '../../text/sentences.ts';
import { termsOf } from '../../text/terms.ts';
import { passageText } from '../prompt.ts';

/** What relevance is measured with. */
export interface RelevanceParts {
  /** The one that the index was made with. */
  embedder: EmbeddingModelV4;
  catalog: { documents: Pick<Catalog['documents'], 'languagesOf'>; index: Pick<Catalog['index'], 'get'> };
}

/** How much passages have to do with a question. */
export interface Relevance {
  /** About −.5 to 1. */
  value: number;
  /** Of the nearest passage as a whole: its cosine to the question. */
  passage: number;
  /** The most of the question's terms that one passage has, its name among them; 0 to 1. */
  covered: number;
  /** Sentences of the passages that were read one by one: those with most of the question's words. */
  sentences: RelevantSentence[];
}

export interface RelevantSentence {
  /** The passage's place, from 0. */
  passage: number;
  text: string;
  /** To the question. */
  cosine: number;
  /** Share of the question's terms that it has, its passage's name among them; 0 to 1. */
  coverage: number;
}

/** What is known of passages before any sentence of theirs is embedded: plain data, at no cost to speak of. */
export interface WeighedPassages extends Pick<Relevance, 'passage' | 'covered'> {
  /** Of the passages as wholes, which sentences can only raise. */
  value: number;
  /** What `weighSentences` reads: those with most of the question's words. */
  sentences: Omit<RelevantSentence, 'cosine'>[];
  /** What cosines are taken to: the question, and each thing that it asks about. */
  questions: string[];
  /** Of the index. */
  separation: number;
}

/**
 * How much the passages have to do with the question: `value` is of all passages and their sentences the most of
 *
 *     m · cosine to the question + (1 − m) · (share of the question's terms that it has − ½)
 *
 * A passage on many things has a low cosine to each of them, hence its sentences. A text that is about something else has a cosine too, and
 * now and then a word of the question, so what it lacks of these speaks against it. `m` grows with how well the embedder tells the index's
 * passages apart: it is .69 at a separation of 4, and less where the embedder does not read the language. What the formula was
 * chosen on is in bench/results/sufficiency.md.
 *
 * @returns undefined where passages have no cosines (an index without vectors), which says nothing.
 */
export async function measureRelevance(
  question: string,
  retrieved: Searched,
  parts: RelevanceParts,
  signal?: AbortSignal,
): Promise<Relevance | undefined> {
  const weighed = await weighPassages(question, retrieved, parts);
  return weighed && weighSentences(weighed, parts, signal);
}

type Searched = Omit<Retrieval, 'query' | 'timings'>;

/** The part of it that takes no embedding: of the passages alone. */
export async function weighPassages(
  question: string,
  { passages, rewritten, spelledOut = [], parts = [] }: Searched,
  { catalog }: Pick<RelevanceParts, 'catalog'>,
): Promise<WeighedPassages | undefined> {
  if (!passages.some(({ scores }) => scores.dense !== undefined)) return undefined;
  const whole = rewritten ?? question;
  const separation = (await catalog.index.get())?.separation?.value ?? usualSeparation;
  const languages = await catalog.documents.languagesOf(passages.map(({ documentId }) => documentId));
  // Each of several questions may be answered by itself, and an abbreviation by its long form.
  const asked = [whole, ...spelledOut, ...parts.map(({ name }) => name)];
  const shareIn = coverageOf(asked);
  const weigh = weigher(separation);
  const measured = passages.map((passage) => {
    const language = languages.get(passage.documentId);
    const prefix = termsOf(passage.prefix ?? '', language);
    const covers = (text: string) => shareIn([...prefix, ...termsOf(text, language)], language);
    const coverage = covers(passage.text);
    return { passage, covers, coverage, value: weigh(passage.scores.dense ?? 0, coverage) };
  });
  return {
    value: Math.max(...measured.map(({ value }) => value)),
    passage: Math.max(...passages.map(({ scores }) => scores.dense ?? 0)),
    covered: Math.max(...measured.map(({ coverage }) => coverage)),
    sentences: measured
      .flatMap(({ passage, covers }, at) =>
        sentencesOf(passage).map((text) => ({ passage: at, text, coverage: covers(text) })),
      )
      .toSorted((a, b) => b.coverage - a.coverage)
      .slice(0, mostSentences),
    questions: [spellOut(whole, spelledOut), ...parts.map(({ name }) => name)],
    separation,
  };
}

/** The rest of it: their sentences, which are embedded while somebody waits. */
export async function weighSentences(
  { value, passage, covered, sentences: said, questions, separation }: WeighedPassages,
  { embedder }: Pick<RelevanceParts, 'embedder'>,
  signal?: AbortSignal,
): Promise<Relevance> {
  const weigh = weigher(separation);
  const vectors = await embedQueries(embedder, [...questions, ...said.map(({ text }) => text)], signal);
  const ofQuestions = vectors.slice(0, questions.length);
  const read = vectors.slice(questions.length).map((vector, at) => ({
    ...said[at]!,
    cosine: Math.max(...ofQuestions.map((own) => dot(own, vector))),
  }));
  return {
    value: Math.max(value, ...read.map(({ cosine, coverage }) => weigh(cosine, coverage))),
    passage,
    covered,
    sentences: read,
  };
}

/** Those with most of the question's words. Each costs time. */
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
