import type { DocumentCatalog } from '../catalog/catalog.ts';
import type { Citation, SourceSpan } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import { pageRectangles } from '../parse/page-rectangles.ts';
import { sentences as splitSentences, trimmed } from '../text/sentences.ts';

/** Adds to each span of a PDF where its quote is on the pages. */
export async function withPages<Placed extends SourceSpan>(
  spans: readonly Placed[],
  documents: Pick<DocumentCatalog, 'getMany'>,
): Promise<(Placed & Pick<SourceSpan, 'pages'>)[]> {
  const cited = await documents.getMany([...new Set(spans.map(({ documentId }) => documentId))]);
  return spans.map((span) => {
    const document = cited.get(span.documentId);
    const pages = document ? pageRectangles(document, span.start, span.end) : [];
    return pages.length > 0 ? { ...span, pages } : span;
  });
}

/**
 * Matches `[1]`, `[1, 3]`, `[1–3]` and `[1][3]` (the latter as two): models write all of these, though they are asked for the first. A year in
 * brackets is not a marker.
 */
const markerPattern = /\[(\s*\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\s*)\]/g;

/** A range names each number in it; one that runs backwards, or over more passages than there ever are, its two ends. */
function numbersIn(marker: string): number[] {
  return marker.split(',').flatMap((part) => {
    const ends = part.split(/[–-]/).map(Number);
    const [first, last] = [ends[0]!, ends.at(-1)!];
    if (ends.length !== 2 || last <= first || last - first >= 50) return ends;
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/**
 * The text without its citation markers and the blanks before them, otherwise as it is: an answer's words are counted and
 * compared with what was expected, and taught, without them.
 */
export function withoutMarkers(text: string): string {
  return text.replace(blanksAndMarker, '').trim();
}

const blanksAndMarker = new RegExp(`\\s*${markerPattern.source}`, 'g');

/**
 * Ties each marker in `text` to the sentence it is in or after, and that sentence to the span of the passage that says
 * it: the same words where they are there, else the one or two sentences that share most words with it, else the whole
 * passage. Offsets are into the document's text. Markers that name no passage come back as dangling.
 */
export function mapCitations(
  text: string,
  passages: readonly Passage[],
): { citations: Citation[]; dangling: number[] } {
  const citations: Citation[] = [];
  const dangling: number[] = [];
  const seen = new Set<string>();
  for (const { markers, sentence } of statementsOf(text)) {
    for (const marker of markers.flatMap(({ numbers }) => numbers)) {
      const passage = passages[marker - 1];
      if (!passage) {
        dangling.push(marker);
        continue;
      }
      const key = `${marker}\n${sentence}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const { start, end } = supportingSpan(sentence, passage.text);
      citations.push({
        marker,
        documentId: passage.documentId,
        uri: passage.uri,
        start: passage.start + start,
        end: passage.start + end,
        quote: passage.text.slice(start, end),
        sentence,
      });
    }
  }
  return { citations, dangling };
}

/** The text's last sentence as citations have it, whether it cites or not. */
export const lastSentence = (text: string): string => statementsOf(text).at(-1)?.sentence ?? '';

/** A sentence with the markers that are in it or after it. */
export interface Statement {
  /** Without markers, white space run together. */
  sentence: string;
  /** Where it ends in the text, markers behind it left out. */
  end: number;
  markers: { start: number; end: number; numbers: number[] }[];
}

/** The sentences of a text, each with its markers. */
export function statementsOf(text: string): Statement[] {
  // Markers are taken out first, since "one. [1] Two" and "one [1]. Two" are segmented differently with them in.
  let plain = '';
  let last = 0;
  /** Where in the text each piece of the plain one begins. */
  const pieces: { plain: number; text: number }[] = [{ plain: 0, text: 0 }];
  const markers: { at: number; start: number; end: number; numbers: number[] }[] = [];
  for (const match of text.matchAll(markerPattern)) {
    plain += text.slice(last, match.index);
    last = match.index + match[0].length;
    markers.push({
      at: plain.trimEnd().length,
      start: match.index,
      end: last,
      numbers: numbersIn(match[1]!),
    });
    pieces.push({ plain: plain.length, text: last });
  }
  plain += text.slice(last);
  const inText = (at: number) => {
    const piece = pieces.findLast((each) => each.plain < at)!;
    return piece.text + at - piece.plain;
  };
  const statements = splitSentences(plain).map(({ start, end }) => ({
    plainStart: start,
    statement: {
      sentence: plain
        .slice(start, end)
        .replace(/\s+/g, ' ')
        .replace(/\s+([.,;:!?])/g, '$1')
        .trim(),
      end: inText(end),
      markers: [] as Statement['markers'],
    },
  }));
  for (const { at, ...marker } of markers) {
    // The sentence that the character before the marker belongs to.
    const own = statements.findLast(({ plainStart }) => plainStart < at) ?? statements[0];
    own?.statement.markers.push(marker);
  }
  return statements.map(({ statement }) => statement);
}

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Share of the claim's words that the span has, balanced against the span's length (F1 over word counts). */
function overlap(claim: readonly string[], span: readonly string[]): number {
  if (claim.length === 0 || span.length === 0) return 0;
  const counts = new Map<string, number>();
  for (const word of span) counts.set(word, (counts.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of claim) {
    const left = counts.get(word) ?? 0;
    if (left > 0) {
      common += 1;
      counts.set(word, left - 1);
    }
  }
  return (2 * common) / (claim.length + span.length);
}

/** Below this the passage has no sentence that says it, and the whole passage is what was cited. */
const leastOverlap = 0.3;

/** `[start, end)` within `passage` of what supports `sentence`; all of it where nothing does. */
function supportingSpan(sentence: string, passage: string): { start: number; end: number } {
  const { start, end } = bestSpan(sentence, passage) ?? { start: 0, end: passage.length };
  return trimmed(passage, start, end);
}

/**
 * The same words where they are there, else the one or two sentences of the passage that share most words with a sentence; undefined where they share
 * little.
 * @returns `[start, end)` within `passage`, and the share of words, 0 to 1
 */
export function bestSpan(
  sentence: string,
  passage: string,
): { start: number; end: number; score: number } | undefined {
  const exact = sentence.length > 0 ? passage.indexOf(sentence) : -1;
  if (exact >= 0) return { start: exact, end: exact + sentence.length, score: 1 };
  const claim = words(sentence);
  const spans = splitSentences(passage);
  let best: { start: number; end: number; score: number } | undefined;
  spans.forEach(({ start, end }, index) => {
    for (const last of [end, spans[index + 1]?.end]) {
      if (last === undefined) continue;
      const score = overlap(claim, words(passage.slice(start, last)));
      if (score > (best?.score ?? leastOverlap)) best = { start, end: last, score };
    }
  });
  return best;
}
