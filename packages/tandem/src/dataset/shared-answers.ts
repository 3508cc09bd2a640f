import type { Catalog } from '../catalog/catalog.ts';
import { overlapOf } from '../core/span-overlap.ts';
import type { Case } from '../core/types/example.ts';
import { termsOf } from '../text/terms.ts';

/** Where the answer stands, as a line of a file says it. */
interface SourceLine {
  documentId: string;
  section?: string | undefined;
  start?: number | undefined;
  end?: number | undefined;
}

/** An answer of fewer words that carry meaning may stand in a document by chance. */
const leastTelling = 3;

/**
 * Marks cases whose answer is in the same place of the same document as that of an earlier one (`sharesAnswerWith`): they name the same section or the
 * same span (or nearly) as their source, or expect the same words, which stand in one of the documents. A whole document is no place: many
 * facts stand in it.
 * @param lines the cases as they were written, in the same order
 */
export async function markSharedAnswers<Each extends Case>(
  cases: readonly Each[],
  lines: readonly { source?: SourceLine | undefined }[],
  documents: Catalog['documents'],
): Promise<Each[]> {
  const quotes = await quotedAnswers(cases, documents);
  const first = new Map<string, string>();
  const spans = new Map<string, { start: number; end: number; id: string }[]>();
  return cases.map((testCase, at) => {
    const { source } = lines[at]!;
    const words = wordsOf(testCase);
    const holders = (words !== undefined && quotes.get(words)) || [];
    const holder = source ? holders.find((id) => id === source.documentId) : holders[0];
    const places = [placeOf(testCase, source), holder && JSON.stringify([holder, words])];
    const known = places.filter((place) => place !== undefined);
    const span = spanOf(testCase, source);
    const ofDocument = (span && spans.get(span.documentId)) ?? [];
    const sharesAnswerWith = [
      ...known.map((place) => first.get(place)),
      span && ofDocument.find((earlier) => isOneSpan(earlier, span))?.id,
    ].find((id) => id !== undefined);
    for (const place of known) if (!first.has(place)) first.set(place, sharesAnswerWith ?? testCase.id);
    if (span) spans.set(span.documentId, [...ofDocument, { ...span, id: sharesAnswerWith ?? testCase.id }]);
    return sharesAnswerWith === undefined ? testCase : { ...testCase, sharesAnswerWith };
  });
}

/** Only of lines that give one: a section is marked by its name, and a whole document is no place. */
function spanOf({ source }: Case, line: SourceLine | undefined): Case['source'] {
  return line?.start === undefined ? undefined : source;
}

/** More than half of each is in the other: where one person marked a sentence and another its full stop too. */
function isOneSpan(a: { start: number; end: number }, b: { start: number; end: number }): boolean {
  return overlapOf(a, b) > Math.max(a.end - a.start, b.end - b.start) / 2;
}

function placeOf(testCase: Case, line: SourceLine | undefined): string | undefined {
  if (!line || (line.section === undefined && line.start === undefined)) return undefined;
  const { documentId, start, end } = testCase.source ?? line;
  return JSON.stringify(
    start === undefined ? [documentId, line.section?.trim().toLowerCase()] : [documentId, start, end],
  );
}

/** For answers that several cases have, the documents that have them word for word. */
async function quotedAnswers(
  cases: readonly Case[],
  documents: Catalog['documents'],
): Promise<ReadonlyMap<string, string[]>> {
  const counts = Map.groupBy(cases, (testCase) => wordsOf(testCase) ?? '');
  const wanted = [...counts]
    .filter(([words, same]) => words !== '' && same.length > 1)
    .map(([words]) => words);
  const found = new Map<string, string[]>();
  if (wanted.length === 0) return found;
  for await (const { id, text } of documents.all()) {
    const spaced = normalised(text);
    for (const words of wanted)
      if (spaced.includes(words)) found.set(words, [...(found.get(words) ?? []), id]);
  }
  return found;
}

function wordsOf({ expected, answerable }: Pick<Case, 'expected' | 'answerable'>): string | undefined {
  if (answerable === false || typeof expected !== 'string' || termsOf(expected).length < leastTelling)
    return undefined;
  return normalised(expected.replace(/\[\d+\]/g, ' ')).replace(/[\s.!?。！？]+$/u, '');
}

function normalised(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/gu, ' ').trim();
}
