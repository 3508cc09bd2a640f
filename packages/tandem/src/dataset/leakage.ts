import { textOfMessage } from '../core/chat-message.ts';
import type { Case, Example } from '../core/types/example.ts';
import { shingleLength, shingles } from '../text/shingles.ts';
import { letterRuns } from './letter-runs.ts';

export interface LeakageOptions {
  examples: readonly Example[];
  cases: readonly Case[];
  /** Where boilerplate is counted, besides the groups of examples and cases themselves. */
  documents?: readonly { id: string; text: string }[];
  /** Findings that somebody has looked at and accepted, with the reason; a missing field fits everything. */
  reviewed?: readonly { exampleId?: string; exampleKind?: string; caseId?: string; reason: string }[];
}

export interface LeakageFinding {
  caseId: string;
  /** Place of the example in `examples`, and its id where it has one. */
  exampleIndex: number;
  exampleId?: string;
  kind: 'same group' | 'same question' | 'same answer';
  /** Follows the words "case X": "its question is asked in training example Y". */
  reason: string;
  /** Share of the case's wording that stands in the example, boilerplate left out; 1 for exact findings. */
  overlap: number;
}

export interface LeakageReport {
  checkedExamples: number;
  checkedCases: number;
  /** Not accepted by a review: a comparison must not be made with these. */
  findings: LeakageFinding[];
  reviewed: (LeakageFinding & { accepted: string })[];
}

/** Wording that stands in more documents than this is boilerplate and proves nothing. */
const boilerplateDocuments = 20;
/** Two questions are alike from this share of wording in common; of an answer, this share has to be in the example. */
const questionThreshold = 0.8;
const answerThreshold = 0.8;
/** Fewer pieces of own wording than this are no sign of anything. */
const leastQuestion = 3;
const leastAnswer = 8;

/**
 * Looks for held-out cases that the training examples give away: the same group; the same question, or one of nearly its
 * wording (Jaccard); most of the wording of the answer, anywhere in an example, its passages included (containment). Wording
 * is compared in runs of five words, exactly rather than by MinHash: only the cases' runs have to be remembered, so every
 * pair is compared in one pass over the examples, and nothing is left to an estimate.
 */
export function findLeakage(options: LeakageOptions): LeakageReport {
  const { examples, cases, reviewed = [] } = options;
  const index = indexCases(options);
  const report: LeakageReport = {
    checkedExamples: examples.length,
    checkedCases: cases.length,
    findings: [],
    reviewed: [],
  };
  examples.forEach((example, exampleIndex) => {
    const id = example.metadata?.id;
    const name = id === undefined ? `training example ${exampleIndex + 1}` : `training example ${id}`;
    // Of several reasons the simplest is given: group before question before answer.
    const found = new Map<number, Shared>();
    for (const [at, shared] of [
      ...sharedGroup(index, example, name),
      ...sharedQuestion(index, example, name),
      ...sharedAnswer(index, example, name),
    ])
      if (!found.has(at)) found.set(at, shared);

    for (const [at, shared] of [...found].sort(([a], [b]) => a - b)) {
      const finding: LeakageFinding = {
        caseId: cases[at]!.id,
        exampleIndex,
        ...(id !== undefined && { exampleId: id }),
        ...shared,
      };
      const accepted = reviewed.find(
        (review) =>
          (review.caseId === undefined || review.caseId === finding.caseId) &&
          (review.exampleId === undefined || review.exampleId === id) &&
          (review.exampleKind === undefined || review.exampleKind === example.metadata?.kind),
      );
      if (accepted) report.reviewed.push({ ...finding, accepted: accepted.reason });
      else report.findings.push(finding);
    }
  });
  return report;
}

type Shared = Pick<LeakageFinding, 'kind' | 'reason' | 'overlap'>;

/** The cases, by number, under everything that an example could share with them. */
interface CaseIndex {
  groups: Map<string, number[]>;
  /** Whole questions by their last two words. */
  questions: Map<string, { at: number; words: string[] }[]>;
  questionPieces: Map<string, number[]>;
  answerPieces: Map<string, number[]>;
  /** How many pieces of its own each case's question and answer have. */
  questionSizes: number[];
  answerSizes: number[];
  boilerplate: Set<string>;
}

function indexCases(options: LeakageOptions): CaseIndex {
  const texts = options.cases.map((testCase) => ({
    question: letterRuns(testCase.question),
    answer: textsOf(testCase.expected).map(letterRuns),
  }));
  const known = new Set(
    texts.flatMap(({ question, answer }) => [question, ...answer].flatMap((words) => [...shingles(words)])),
  );
  const boilerplate = boilerplateOf(options, known);
  const index: CaseIndex = {
    groups: new Map(),
    questions: new Map(),
    questionPieces: new Map(),
    answerPieces: new Map(),
    questionSizes: [],
    answerSizes: [],
    boilerplate,
  };
  options.cases.forEach((testCase, at) => {
    const { question, answer } = texts[at]!;
    const own = (words: readonly string[]) => [...shingles(words)].filter((piece) => !boilerplate.has(piece));
    const questionPieces = own(question);
    const answerPieces = [...new Set(answer.flatMap(own))];
    if (testCase.group !== undefined) append(index.groups, testCase.group, at);
    if (question.length > 1) append(index.questions, lastTwo(question), { at, words: question });
    for (const piece of questionPieces) append(index.questionPieces, piece, at);
    for (const piece of answerPieces) append(index.answerPieces, piece, at);
    index.questionSizes.push(questionPieces.length);
    index.answerSizes.push(answerPieces.length);
  });
  return index;
}

function sharedGroup(index: CaseIndex, example: Example, name: string): [number, Shared][] {
  const group = example.metadata?.group;
  const cases = group === undefined ? [] : (index.groups.get(group) ?? []);
  return cases.map((at) => [
    at,
    { kind: 'same group', reason: `its group ${group} is that of ${name}`, overlap: 1 },
  ]);
}

/** A question counts where a sentence ends with it: "What is myotonia?" is not asked by "What is myotonia congenita?". */
function sharedQuestion(index: CaseIndex, example: Example, name: string): [number, Shared][] {
  const found: [number, Shared][] = [];
  for (const message of example.messages) {
    if (message.role !== 'user') continue;
    let before: string[] = [];
    for (const sentence of textOfMessage(message)
      .split(/[?!.:;\n]+/u)
      .map(letterRuns)) {
      if (sentence.length === 0) continue;
      // A question may hold a colon or a full stop itself, so what stands before its sentence may belong to it.
      before = [...before, ...sentence].slice(-60);
      for (const { at, words } of index.questions.get(lastTwo(before)) ?? []) {
        const tail = before.slice(-words.length);
        if (tail.length === words.length && tail.every((word, i) => word === words[i]))
          found.push([at, { kind: 'same question', reason: `its question is asked in ${name}`, overlap: 1 }]);
      }
      const pieces = [...shingles(sentence)].filter((piece) => !index.boilerplate.has(piece));
      for (const [at, common] of countCases(index.questionPieces, pieces)) {
        const size = index.questionSizes[at]!;
        const overlap = common / (size + pieces.length - common);
        if (size >= leastQuestion && overlap >= questionThreshold)
          found.push([
            at,
            { kind: 'same question', reason: `nearly its question is asked in ${name}`, overlap },
          ]);
      }
    }
  }
  return found;
}

function sharedAnswer(index: CaseIndex, example: Example, name: string): [number, Shared][] {
  const pieces = new Set(
    example.messages.flatMap((message) => [...shingles(letterRuns(textOfMessage(message)))]),
  );
  return [...countCases(index.answerPieces, pieces)].flatMap(([at, common]): [number, Shared][] => {
    const size = index.answerSizes[at]!;
    const overlap = common / size;
    if (size < leastAnswer || overlap < answerThreshold) return [];
    const share = Math.floor(overlap * 100);
    return [
      [at, { kind: 'same answer', reason: `${share} % of its answer's wording stands in ${name}`, overlap }],
    ];
  });
}

/** How many of these pieces each case has. */
function countCases(index: ReadonlyMap<string, number[]>, pieces: Iterable<string>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const piece of pieces)
    for (const at of index.get(piece) ?? []) counts.set(at, (counts.get(at) ?? 0) + 1);
  return counts;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

function lastTwo(words: readonly string[]): string {
  return words.slice(-2).join(' ');
}

/** The cases' pieces of wording that stand in more documents, or in more groups of examples and cases, than knowledge would. */
function boilerplateOf(options: LeakageOptions, known: ReadonlySet<string>): Set<string> {
  const inDocuments = new Map<string, Set<string>>();
  const inGroups = new Map<string, Set<string>>();
  const read = (text: string, place: string, seen: Map<string, Set<string>>) => {
    for (const shingle of shingles(letterRuns(text))) {
      if (!known.has(shingle)) continue;
      const places = seen.get(shingle);
      if (places) places.add(place);
      else seen.set(shingle, new Set([place]));
    }
  };
  for (const document of options.documents ?? []) read(document.text, document.id, inDocuments);
  options.examples.forEach((example, i) => {
    const group = example.metadata?.group ?? example.metadata?.documentId ?? `example ${i}`;
    for (const message of example.messages) read(textOfMessage(message), group, inGroups);
  });
  for (const testCase of options.cases) {
    for (const text of [testCase.question, ...textsOf(testCase.expected)])
      read(text, testCase.group ?? testCase.id, inGroups);
  }
  const common = [inDocuments, inGroups].flatMap((seen) =>
    [...seen].filter(([, places]) => places.size > boilerplateDocuments).map(([shingle]) => shingle),
  );
  return new Set(common);
}

/** The expected answer's texts: strings of more than a label's length, at any depth. */
function textsOf(expected: unknown): string[] {
  if (typeof expected === 'string') return [expected];
  if (typeof expected !== 'object' || expected === null) return [];
  return Object.values(expected)
    .flatMap(textsOf)
    .filter((text) => letterRuns(text).length > shingleLength);
}
