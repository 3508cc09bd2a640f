import { termsOf } from '../text/terms.ts';
import { countCommon, trigramsOf } from '../text/trigrams.ts';
import { foldedWords } from '../text/words.ts';

/** Questions are nearly equal where their words have this share of their runs of three characters in common (Jaccard's coefficient). */
const leastAlike = 0.8;
/** Of the words of the shorter answer, so many are in the other, or the answers are different ones. */
const leastOfAnswer = 0.5;

/** A question, the same cut into terms, and its answer where it is known. */
export interface AnsweredQuestion {
  question: string;
  terms: readonly string[];
  answer?: string | undefined;
}

/**
 * Pairs of nearly equal questions, as places in the list: all but a few letters of their words are the same, no number, code or
 * abbreviation differs, and their answers, where both are known, are not plainly different ones ("… in summer?", "… in winter?").
 *
 * Exact, and quick for tens of thousands: two sets that share so much share one of the rarest members of each (Chaudhuri, Ganti & Kaushik 2006, "A
 * primitive operator for similarity joins in data cleaning"; Bayardo, Ma & Srikant 2007), so only such pairs are compared.
 */
export function* nearQuestions(questions: readonly AnsweredQuestion[]): Generator<[number, number]> {
  const runs = questions.map(({ terms }) => trigramsOf(terms));
  const frequency = new Map<string, number>();
  for (const own of runs) for (const run of own) frequency.set(run, (frequency.get(run) ?? 0) + 1);
  const codes = questions.map(codesIn);
  const answers = questions.map(({ answer }) => (answer === undefined ? undefined : answerWords(answer)));
  const known = new Map<string, number[]>();
  for (const [at, own] of runs.entries()) {
    const rarest = [...own].sort((a, b) => frequency.get(a)! - frequency.get(b)! || (a < b ? -1 : 1));
    const candidates = new Set<number>();
    for (const run of rarest.slice(0, own.size - Math.ceil(leastAlike * own.size) + 1)) {
      const others = known.get(run) ?? [];
      for (const other of others) if (couldBeAlike(own.size, runs[other]!.size)) candidates.add(other);
      known.set(run, [...others, at]);
    }
    for (const other of candidates) {
      if (codes[at] !== codes[other] || !areAlike(own, runs[other]!)) continue;
      if (!areDifferent(answers[at], answers[other])) yield [other, at];
    }
  }
}

/** What tells questions apart by a letter or two: "version 2.1", "APS", `setTypeParser`. Among capitals alone they mean nothing. */
function codesIn({ question, terms }: AnsweredQuestion): string {
  const numbers = terms.filter((term) => /\p{N}/u.test(term));
  const names = /\p{Ll}/u.test(question) ? (question.match(/\p{L}*\p{Lu}\p{L}*\p{Lu}\p{L}*/gu) ?? []) : [];
  return [...new Set([...numbers, ...names])].sort().join(' ');
}

const couldBeAlike = (a: number, b: number) => Math.min(a, b) >= leastAlike * Math.max(a, b);

function areAlike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const common = countCommon(a, b);
  return common >= leastAlike * (a.size + b.size - common);
}

/** Of an answer of function words alone ("Yes.") all words count. */
function answerWords(answer: string): Set<string> {
  const terms = termsOf(answer);
  return new Set(terms.length > 0 ? terms : foldedWords(answer));
}

function areDifferent(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  return a !== undefined && b !== undefined && countCommon(a, b) < leastOfAnswer * Math.min(a.size, b.size);
}
