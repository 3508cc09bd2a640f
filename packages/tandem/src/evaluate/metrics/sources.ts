import { mapCitations, withoutMarkers } from '../../answer/citations.ts';
import { matchMarkers } from '../../answer/match-markers.ts';
import type { Answer, Citation } from '../../core/types/answer.ts';
import type { Case } from '../../core/types/example.ts';
import type { Metric, MetricInput } from './metric.ts';
import { expectsAbstention } from './settings.ts';
import { holdsSource } from './source-overlap.ts';

/**
 * What the arm did with its passages: whether the right one was among them, whether the citations name it, and whether the
 * arm answered when it had it and abstained when it did not.
 */
export function sourceMetrics(): Metric[] {
  const shape = { unit: 'share', summary: 'mean', pass: 'answers', family: 'Sources' } as const;
  return [
    {
      ...shape,
      id: 'hit',
      name: 'Right passage retrieved',
      description:
        'A passage that holds where the answer stands (a quarter of the shorter of the two; `tandem eval retrieval` asks for half) was in the prompt. Of the cases that name such a place; arms with retrieval.',
      direction: 'higher',
      value: ({ answer, testCase, arm }) =>
        arm.retrieves && testCase.source ? Number(retrievedSource(answer, testCase.source)) : undefined,
    },
    {
      ...shape,
      id: 'citation-precision',
      name: 'Citations right',
      description:
        'Citations that name a passage holding where the answer stands, of the citations an answer makes; a marker that names no passage is wrong. Averaged over the answers that cite.',
      direction: 'higher',
      value: ({ answer, testCase }) => citationPrecision(answer, testCase),
    },
    {
      ...shape,
      id: 'cited',
      name: 'Cites the right passage',
      description:
        'Answers with at least one right citation. Of the cases that have an answer and name its place; arms with retrieval.',
      direction: 'higher',
      whenFailed: 0,
      value: ({ answer, testCase, arm }) =>
        arm.retrieves && testCase.source && !expectsAbstention(testCase)
          ? Number(citesSource(answer, testCase))
          : undefined,
    },
    {
      ...shape,
      id: 'cited-if-first',
      name: '… if every answer cited [1]',
      description:
        'What "Cites the right passage" would be if each answer named the first passage, whatever it says: a yardstick for the markers that a model writes. Shown, not tested.',
      direction: 'none',
      whenFailed: 0,
      value: (input) => ifCited(input, ({ passages: [first] }) => (first ? [first] : [])),
    },
    {
      ...shape,
      id: 'cited-if-matched',
      name: '… if markers were set by word overlap',
      description:
        'What "Cites the right passage" would be if each sentence cited the passage that shares most words with it, whatever the model cited (`answer.markers: "matched"`, which sets markers where the model set none, also goes by meaning and rank). Shown, not tested.',
      direction: 'none',
      whenFailed: 0,
      value: (input) => ifCited(input, spansByOverlap),
    },
    {
      ...shape,
      id: 'grounded',
      name: 'Statements borne out',
      description:
        "Of what an answer says, the share that its passages bear out, as the project's verifier judges (`answer.verifier`). Averaged over the answers that say something; arms with retrieval.",
      direction: 'higher',
      value: ({ answer }) => shareOf(checkedClaims(answer), ({ verdict }) => verdict === 'supported'),
    },
    {
      ...shape,
      id: 'citations-borne-out',
      name: 'Citations borne out',
      description:
        "Of an answer's citations, the share whose own passage bears their sentence out, as the verifier judges: the precision of citing. Averaged over the answers that cite.",
      direction: 'higher',
      value: ({ answer }) =>
        shareOf(
          answer.citations.filter(({ verdict }) => verdict),
          ({ verdict }) => verdict!.label === 'supported',
        ),
    },
    {
      ...shape,
      id: 'statements-cited',
      name: 'Statements cited',
      description:
        'Of what an answer says, the share that stands in a sentence with a citation that bears it out: the recall of citing. Averaged over the answers that say something; arms with retrieval.',
      direction: 'higher',
      value: ({ answer }) =>
        shareOf(checkedClaims(answer), ({ sentence, verdict }) =>
          answer.citations.some(
            (citation) =>
              verdict === 'supported' &&
              citation.sentence === sentence &&
              citation.verdict?.label === 'supported',
          ),
        ),
    },
    {
      ...shape,
      id: 'abstained',
      name: 'Abstained',
      description: 'Answers that say it is not in the sources, of all cases.',
      direction: 'none',
      value: ({ answer }) => Number(answer.abstained),
    },
    {
      ...shape,
      id: 'answered-when-found',
      name: 'Answered when it could',
      description:
        'Of the cases whose right passage was in the prompt: answers that do not say it is not in the sources.',
      direction: 'higher',
      value: ({ answer, testCase, arm }) =>
        arm.retrieves &&
        testCase.source &&
        !expectsAbstention(testCase) &&
        retrievedSource(answer, testCase.source)
          ? Number(!answer.abstained)
          : undefined,
    },
    {
      ...shape,
      id: 'abstained-when-missing',
      name: 'Abstained when it should',
      description:
        'Of the cases whose right passage was not in the prompt, or that have no answer in the sources: answers that say so.',
      direction: 'higher',
      value: ({ answer, testCase, arm }) => {
        if (!arm.retrieves) return undefined;
        const missing =
          expectsAbstention(testCase) || (testCase.source && !retrievedSource(answer, testCase.source));
        return missing ? Number(answer.abstained) : undefined;
      },
    },
  ];
}

/** What is quoted is borne out by being a quotation: an extract is not measured by it. */
export const checkedClaims = ({ claims = [] }: Pick<Answer, 'claims'>) =>
  claims.filter(({ verifier }) => verifier !== undefined && verifier !== 'quotation');

/** Undefined of none. */
function shareOf<Item>(items: readonly Item[], holds: (item: Item) => boolean): number | undefined {
  return items.length === 0 ? undefined : items.filter(holds).length / items.length;
}

/** Whether an answer would cite the right passage if it cited these spans; one that abstains cites nothing. */
function ifCited(
  { answer, testCase, arm }: MetricInput,
  spansOf: (answer: Answer) => readonly Span[],
): number | undefined {
  const { source } = testCase;
  if (!arm.retrieves || !source || expectsAbstention(testCase)) return undefined;
  return Number(!answer.abstained && spansOf(answer).some((span) => citationHolds(answer, span, source)));
}

function spansByOverlap({ text, passages }: Answer): readonly Span[] {
  return mapCitations(matchMarkers(withoutMarkers(text), { passages }).text, passages).citations;
}

type Span = Pick<Citation, 'documentId' | 'start' | 'end'>;

/** At least one citation names a passage, or a span, that holds where the answer stands. */
export function citesSource(answer: Answer, testCase: Case): boolean {
  const source = testCase.source;
  return source !== undefined && answer.citations.some((citation) => citationHolds(answer, citation, source));
}

/** Share of an answer's markers that are right; undefined when it cites nothing or the case names no place. */
export function citationPrecision(answer: Answer, testCase: Case): number | undefined {
  const source = testCase.source;
  const made = answer.citations.length + answer.danglingMarkers.length;
  if (!source || made === 0) return undefined;
  return answer.citations.filter((citation) => citationHolds(answer, citation, source)).length / made;
}

/** Whether one of the passages holds where the answer stands. */
export function retrievedSource(answer: Answer, source: NonNullable<Case['source']>): boolean {
  return answer.passages.some((passage) => holdsSource(passage, source));
}

/** The cited span may be one sentence of its passage: either is enough, as a reader follows the marker to the passage. */
function citationHolds(answer: Answer, citation: Span, source: NonNullable<Case['source']>): boolean {
  if (holdsSource(citation, source)) return true;
  return answer.passages.some(
    (passage) =>
      passage.documentId === citation.documentId &&
      passage.start <= citation.start &&
      citation.end <= passage.end &&
      holdsSource(passage, source),
  );
}
