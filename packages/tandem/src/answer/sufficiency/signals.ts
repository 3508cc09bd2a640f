import type { Turn } from '../../retrieve/conversation.ts';
import type { Retrieval } from '../../retrieve/retrieval.ts';
import { contentWords } from '../../text/content-words.ts';
import type { Relevance } from './relevance.ts';

/** What tells whether passages answer a question, and what is wrong with the question where they do not. */
export interface SufficiencySignals {
  /** `Relevance.value`: the nearest passage or sentence, by meaning and words. */
  relevance: number;
  /** Cosine of the nearest sentence. */
  sentence: number;
  /** Cosine of the nearest passage. */
  passage: number;
  /** Score of the best passage. */
  score: number;
  /** By how much it is better than the fifth, or the last of fewer: where one passage answers, the others are far behind. */
  lead: number;
  /** Documents with a sentence nearly as near as the nearest: where many are, the question may be about any of them. */
  documents: number;
  /** Things that the question speaks of as if they were known ("the country", "this one"), and that nothing before it names. English. */
  unnamed: number;
  /** Words in capitals inside the question: names, mostly. */
  capitals: number;
  /** Words that carry meaning, as a logarithm. */
  length: number;
  /** How surely the question names the document of the best passage, from 0 to 1. */
  named: number;
  /** The most of the question's terms that one passage has, its name among them, from 0 to 1. */
  covered: number;
}

/** Sentences within this of the nearest are as near. */
const nearly = 0.06;

export function sufficiencySignals(
  question: string,
  { passages }: Pick<Retrieval, 'passages'>,
  { value, passage, covered, sentences }: Relevance,
  turns: readonly Turn[] = [],
): SufficiencySignals {
  const best = Math.max(0, ...sentences.map(({ cosine }) => cosine));
  const near = sentences.filter(({ cosine }) => cosine >= best - nearly);
  const scores = passages.map(({ score }) => score);
  return {
    relevance: value,
    sentence: best,
    passage,
    score: scores[0] ?? 0,
    lead: (scores[0] ?? 0) - (scores[Math.min(4, scores.length - 1)] ?? 0),
    documents: new Set(near.map((each) => passages[each.passage]!.documentId)).size,
    unnamed: unnamedThings(question, turns),
    capitals: question.match(/(?<=[\p{L}\p{N},] )\p{Lu}[\p{L}\p{N}]+/gu)?.length ?? 0,
    length: Math.log1p(contentWords(question).length),
    named: passages[0]?.scores.named ?? 0,
    covered,
  };
}

/** What the general weights are of, in their order. */
export const generalSignals = [
  'relevance',
  'sentence',
  'passage',
  'score',
  'lead',
  'documents',
  'unnamed',
  'capitals',
  'length',
] as const satisfies readonly (keyof SufficiencySignals)[];

/** All of them, in the order of a project's own weights. The two at the end did nothing for the general model, and much for questions that differ by a name. */
export const signalNames = [
  ...generalSignals,
  'named',
  'covered',
] as const satisfies readonly (keyof SufficiencySignals)[];

/** What each of the signals is worth to a logit, in a project, and the logit where all of them are 0. */
export type SignalWeights = Record<keyof SufficiencySignals | 'constant', number>;

export function valuesOf(
  signals: SufficiencySignals,
  names: readonly (keyof SufficiencySignals)[],
): number[] {
  return names.map((name) => signals[name]);
}

/** "The", "this" and the like, with up to three words behind it. */
const definite = /\b(?:[Tt]he|[Tt]his|[Tt]hat|[Tt]hese|[Tt]hose)\s+((?:\p{Ll}[\p{L}'’-]*\s*){1,3})/gu;

function unnamedThings(question: string, turns: readonly Turn[]): number {
  const said = new Set(turns.flatMap(({ content }) => contentWords(content)));
  let unnamed = 0;
  for (const [, thing = ''] of question.matchAll(definite)) {
    const words = contentWords(thing);
    if (words.length > 0 && !words.some((word) => said.has(word))) unnamed++;
  }
  return unnamed;
}
