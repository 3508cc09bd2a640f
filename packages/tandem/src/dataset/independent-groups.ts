import { counted } from '../core/counted.ts';
import type { Case } from '../core/types/example.ts';
import { editDistance } from '../text/edit-distance.ts';
import { termsOf } from '../text/terms.ts';
import { foldedWords } from '../text/words.ts';
import { nearQuestions } from './near-questions.ts';
import { textOfExpected } from './text-of-expected.ts';

/** What of a case says whether it is about the same as another. */
type Comparable = Pick<Case, 'id' | 'question' | 'group' | 'answerable' | 'sharesAnswerWith'> & {
  expected?: Case['expected'];
};

/**
 * The group that each case belongs to: what is resampled for intervals and counted as one. A file's own groups are kept, and cases are put into one
 * group that are not independent whatever the file says: with the same question but for case, punctuation, white space, the order of
 * its words, articles and the like, and a letter of one long word; with nearly the same question and no plainly different answer (`nearQuestions`);
 * with the same answer to questions that share half of their words; and with the answer in the same place of the same document (`sharesAnswerWith`).
 * @returns for each case its group's name: `group`, or else `id`, of the group's first case
 */
export function independentGroups(cases: readonly Comparable[]): string[] {
  const parents = cases.map((_, at) => at);
  const rootOf = (at: number): number => {
    let root = at;
    while (parents[root] !== root) root = parents[root]!;
    parents[at] = root;
    return root;
  };
  /** The earlier case's root stays one, so that a file that grows at its end keeps its groups' names. */
  const join = (a: number, b: number) => {
    const [first, second] = [rootOf(a), rootOf(b)].sort((x, y) => x - y);
    parents[second!] = first!;
  };
  const joinEqual = (kind: string, keysOf: (testCase: Comparable, at: number) => readonly string[]) => {
    const seen = new Map<string, number>();
    for (const [at, testCase] of cases.entries())
      for (const key of keysOf(testCase, at)) {
        const first = seen.get(`${kind} ${key}`);
        if (first === undefined) seen.set(`${kind} ${key}`, at);
        else join(first, at);
      }
  };

  const questions = cases.map(({ question }) => termsOf(question.toLowerCase()).filter(tells).sort());
  const words = cases.map(({ question }) => foldedWords(question).sort().join(' '));
  joinEqual('group', ({ id, group }) => [group ?? id]);
  joinEqual('place', ({ id, sharesAnswerWith }) => [
    id,
    ...(sharesAnswerWith === undefined ? [] : [sharesAnswerWith]),
  ]);
  // Of a question of function words alone ("What is it?") all words count; of one without letters and digits, its text.
  joinEqual('question', ({ question }, at) => [questions[at]!.join(' ') || words[at] || question.trim()]);
  for (const [a, b] of misspeltPairs(questions)) join(a, b);
  for (const [a, b] of sameAnswerPairs(cases, questions)) join(a, b);
  const answered = cases.map(({ question, expected, answerable }, at) => ({
    question,
    terms: questions[at]!,
    ...(expected !== undefined && answerable !== false && { answer: textOfExpected(expected) }),
  }));
  for (const [a, b] of nearQuestions(answered)) join(a, b);

  return cases.map((_, at) => {
    const first = cases[rootOf(at)]!;
    return first.group ?? first.id;
  });
}

/**
 * Says which cases are not as independent as the file says; empty where all are.
 * @param groups the cases' groups by `independentGroups`
 */
export function describeDependence(
  cases: readonly Pick<Case, 'id' | 'group'>[],
  groups: readonly string[],
): string {
  const joined = cases.flatMap(({ id, group }, at) =>
    groups[at] === (group ?? id) ? [] : [`${id} with ${groups[at]}`],
  );
  if (joined.length === 0) return '';
  const named = joined.slice(0, 3).join(', ');
  return `${counted(joined.length, 'case')} ${joined.length === 1 ? 'is' : 'are'} counted with another (${named}${joined.length > 3 ? ', …' : ''}): the same question or nearly so, or an answer in the same place.`;
}

/** "How much" and "how many" ask as "what" does, which is a function word. "Mani" is the term of "many". */
function tells(term: string): boolean {
  return term !== 'much' && term !== 'mani';
}

/** Shorter words differ by a letter too often without being the same: "plane", "plate". */
const leastMisspelt = 6;

/**
 * Questions whose words are the same but for one, which has a letter more, less or changed. Digits are never a slip. Two words that are so near
 * have a form in common with one letter left out, so only such pairs are compared.
 */
function* misspeltPairs(questions: readonly string[][]): Generator<[number, number]> {
  const byForm = new Map<string, Map<string, number>>();
  for (const [at, terms] of questions.entries()) {
    if (terms.length < 2) continue;
    for (const [place, word] of terms.entries()) {
      if (word.length < leastMisspelt || /\p{N}/u.test(word)) continue;
      const others = terms.toSpliced(place, 1).join(' ');
      for (const form of formsOf(word)) {
        const key = `${others} ${form}`;
        const words = byForm.get(key) ?? new Map<string, number>();
        for (const [known, first] of words) if (editDistance(known, word) === 1) yield [first, at];
        // Equal words are in one group already: the first of them stands for all.
        if (!words.has(word)) words.set(word, at);
        byForm.set(key, words);
      }
    }
  }
}

/** The word, and each form of it with one letter left out. */
function formsOf(word: string): string[] {
  return [word, ...Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))];
}

/** "Yes" and "no" are the answers of many questions: an answer that tells which fact it is has at least so many words that carry meaning. */
const leastTelling = 2;

/** Equal answers to questions that share half of their words. */
function* sameAnswerPairs(
  cases: readonly Comparable[],
  questions: readonly string[][],
): Generator<[number, number]> {
  const byAnswer = new Map<string, number[]>();
  for (const [at, { expected, answerable }] of cases.entries()) {
    // That there is none is the answer of questions that have nothing else in common.
    if (answerable === false || typeof expected !== 'string' || termsOf(expected).length < leastTelling)
      continue;
    const key = foldedWords(expected).join(' ');
    byAnswer.set(key, [...(byAnswer.get(key) ?? []), at]);
  }
  for (const [first, ...others] of byAnswer.values()) {
    // Compared with the distinct questions so far, which are few: equal ones are in one group already.
    const distinct = [first!];
    for (const at of others) {
      const like = distinct.find((other) => shareWords(questions[other]!, questions[at]!));
      if (like !== undefined) yield [like, at];
      if (!distinct.some((other) => questions[other]!.join(' ') === questions[at]!.join(' ')))
        distinct.push(at);
    }
  }
}

/** Whether at least half of the words of both are words of each. */
function shareWords(a: readonly string[], b: readonly string[]): boolean {
  const all = new Set([...a, ...b]);
  const other = new Set(b);
  const common = [...new Set(a)].filter((word) => other.has(word)).length;
  return all.size > 0 && common / all.size >= 0.5;
}
