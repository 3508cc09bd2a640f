import type { Case, Example } from '../core/types/example.ts';
import { letterRuns } from './metrics/words.ts';

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
  /** Goes on after "case X": "its question is asked in training example Y". */
  reason: string;
  /** Share of the case's wording that stands in the example, boilerplate left out; 1 for exact findings. */
  overlap: number;
}

export interface LeakageReport {
  checkedExamples: number;
  checkedCases: number;
  /** What nobody has accepted: a comparison must not be made with these. */
  findings: LeakageFinding[];
  reviewed: (LeakageFinding & { accepted: string })[];
}

/** Words in a row that make up one piece of wording. */
const shingleLength = 5;
/** Wording in more documents than this is boilerplate and proves nothing. */
const boilerplateDocuments = 20;
/** A question is short: nearly all of its own wording has to be there. Of an answer, most of it. */
const questionThreshold = 0.9;
const answerThreshold = 0.8;
/** Fewer pieces of own wording than this are no sign of anything. */
const leastQuestion = 3;
const leastAnswer = 8;

/**
 * Looks for held-out cases that the training examples give away: the same group; the same question, or nearly all of its
 * wording; most of the wording of the answer, anywhere in an example, its passages included. Wording is compared in runs of
 * five words, exactly rather than by MinHash: only the cases' runs have to be remembered, so every pair is compared in one
 * pass over the examples, and one containment tells short cases inside long prompts, which a Jaccard estimate would not.
 */
export function findLeakage(options: LeakageOptions): LeakageReport {
  const { examples, cases, reviewed = [] } = options;
  const texts = cases.map((testCase) => ({
    testCase,
    question: letterRuns(testCase.question),
    answer: textsOf(testCase.expected).map(letterRuns),
  }));
  const known = new Set(
    texts.flatMap(({ question, answer }) => [question, ...answer].flatMap((w) => [...shingles(w)])),
  );
  const boilerplate = boilerplateOf(options, known);
  const own = (words: readonly string[]) =>
    [...shingles(words)].filter((shingle) => !boilerplate.has(shingle));

  // Where each piece of the cases' wording belongs; an example then only has to be read once.
  const parts = texts.map(({ question, answer }) => ({
    question: own(question),
    answer: [...new Set(answer.flatMap(own))],
  }));
  const index = new Map<string, { at: number; part: 'question' | 'answer' }[]>();
  parts.forEach((pieces, at) => {
    for (const part of ['question', 'answer'] as const)
      for (const shingle of pieces[part]) index.set(shingle, [...(index.get(shingle) ?? []), { at, part }]);
  });
  const byGroup = new Map<string, number[]>();
  cases.forEach((testCase, at) => {
    if (testCase.group === undefined) return;
    byGroup.set(testCase.group, [...(byGroup.get(testCase.group) ?? []), at]);
  });

  const report: LeakageReport = {
    checkedExamples: examples.length,
    checkedCases: cases.length,
    findings: [],
    reviewed: [],
  };
  examples.forEach((example, exampleIndex) => {
    const id = example.metadata?.id;
    const name = id === undefined ? `training example ${exampleIndex + 1}` : `training example ${id}`;
    const found = new Map<number, Pick<LeakageFinding, 'kind' | 'reason' | 'overlap'>>();
    const add = (at: number, finding: Pick<LeakageFinding, 'kind' | 'reason' | 'overlap'>) => {
      if (!found.has(at)) found.set(at, finding);
    };

    const group = example.metadata?.group;
    for (const at of (group !== undefined && byGroup.get(group)) || [])
      add(at, { kind: 'same group', reason: `its group ${group} is that of ${name}`, overlap: 1 });

    const asked = example.messages
      .filter((message) => message.role === 'user')
      .map((message) => letterRuns(message.content));
    const askedText = asked.map((words) => ` ${words.join(' ')} `).join('|');
    texts.forEach(({ question }, at) => {
      if (question.length > 1 && askedText.includes(` ${question.join(' ')} `))
        add(at, { kind: 'same question', reason: `its question is asked in ${name}`, overlap: 1 });
    });

    const everywhere = new Set(
      example.messages.flatMap((message) => [...shingles(letterRuns(message.content))]),
    );
    const inQuestions = new Set(asked.flatMap((words) => [...shingles(words)]));
    const counts = new Map<number, { question: number; answer: number }>();
    for (const shingle of everywhere) {
      for (const { at, part } of index.get(shingle) ?? []) {
        const count = counts.get(at) ?? { question: 0, answer: 0 };
        if (part === 'answer' || inQuestions.has(shingle)) count[part]++;
        counts.set(at, count);
      }
    }
    for (const [at, count] of counts) {
      const pieces = parts[at]!;
      const question = count.question / pieces.question.length;
      const answer = count.answer / pieces.answer.length;
      if (pieces.question.length >= leastQuestion && question >= questionThreshold)
        add(at, {
          kind: 'same question',
          reason: `nearly its question is asked in ${name}`,
          overlap: question,
        });
      if (pieces.answer.length >= leastAnswer && answer >= answerThreshold)
        add(at, {
          kind: 'same answer',
          reason: `${Math.round(answer * 100)} % of its answer's wording stands in ${name}`,
          overlap: answer,
        });
    }

    for (const [at, what] of [...found].sort(([a], [b]) => a - b)) {
      const finding: LeakageFinding = {
        caseId: cases[at]!.id,
        exampleIndex,
        ...(id !== undefined && { exampleId: id }),
        ...what,
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

/** Runs of five words; a shorter text is one run of its own. */
function shingles(words: readonly string[]): Set<string> {
  if (words.length === 0) return new Set();
  if (words.length < shingleLength) return new Set([words.join(' ')]);
  const found = new Set<string>();
  for (let i = 0; i + shingleLength <= words.length; i++)
    found.add(words.slice(i, i + shingleLength).join(' '));
  return found;
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
    for (const message of example.messages) read(message.content, group, inGroups);
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
