import type { Catalog, IndexedDocument } from '../../catalog/catalog.ts';
import type { Passage } from '../../core/types/document.ts';
import type { LexicalIndex } from '../../store/lexical-index.ts';
import type { Span } from '../../text/sentences.ts';
import { comparableHeading, endOfUnclosed, type PassageReading } from '../passage-pieces.ts';
import { type PlacedQuote, placedQuotes } from '../placed-quotes.ts';
import { findRepeated } from '../repeated-sentences.ts';
import { type AnswerStep, writtenReply } from '../step.ts';

/**
 * `generate` without a language model: the reply is what the best passage says, in its own words. It cannot be wrong about what the source
 * says, only about which source. What stands in many documents is no answer where anything else is.
 */
export function quoteStep(parts: {
  notInSources: string;
  catalog: Pick<Catalog, 'documents' | 'index'>;
  store: Pick<LexicalIndex, 'searchTerms'>;
}): AnswerStep {
  return {
    name: 'generate',
    async run({ request, retrieved, reply }, { signal }) {
      if (reply || !retrieved) return { quotes: [] };
      const started = performance.now();
      const { passages } = retrieved;
      const documents = await parts.catalog.documents.getMany(passages.map(({ documentId }) => documentId));
      const repeated = new Set<string>();
      const readings = readingsOf(passages, documents, repeated);
      const readingOf = (passage: Passage) => readings.get(passage)!;
      const quote = () => placedQuotes(request.question, retrieved, request.maxWords ?? 50, readingOf);
      const seen = new Set<string>();
      let quotes = quote();
      // What takes the place of a repeated sentence may be repeated, too.
      for (let round = 0; round < mostRounds; round++) {
        const unseen = quotes.filter((each) => !seen.has(each.quote.text));
        for (const { quote } of unseen) seen.add(quote.text);
        const languageOf = ({ marker }: PlacedQuote) =>
          documents.get(passages[marker - 1]!.documentId)?.language;
        const found = await findRepeated(
          unseen.map((each) => ({ text: each.quote.text, language: languageOf(each) })),
          parts,
          signal,
        );
        if (found.size === 0) break;
        for (const text of found) repeated.add(text);
        quotes = quote();
      }
      const text =
        quotes.map(({ quote, marker }) => `${quote.text} [${marker}]`).join(' ') || parts.notInSources;
      const milliseconds = performance.now() - started;
      const author = quotes.length > 0 ? 'extract' : 'refusal';
      return { quotes, reply: { ...writtenReply(author, text), milliseconds } };
    },
  };
}

const mostRounds = 3;

/** Each passage's language, code and headings, as its document was parsed. What is added to `repeated` later counts too. */
function readingsOf(
  passages: readonly Passage[],
  documents: ReadonlyMap<string, IndexedDocument>,
  repeated: ReadonlySet<string>,
): Map<Passage, PassageReading> {
  // Once for all passages of a document.
  const headings = new Map([...documents].map(([id, document]) => [id, headingsOf(document)]));
  return new Map(
    passages.map((passage) => {
      const { documentId: id } = passage;
      const document = documents.get(id);
      const read = document && {
        language: document.language,
        code: codeIn(document, passage),
        headings: headings.get(id),
      };
      return [passage, { ...read, repeated }];
    }),
  );
}

function codeIn(document: IndexedDocument, { start, end }: Passage): Span[] {
  return document.blocks
    .filter((block) => block.kind === 'code' && block.start < end && block.end > start)
    .map((block) => ({ ...block, end: closedEnd(document.text, block) }))
    .filter((block) => block.end > start)
    .map((block) => ({ start: Math.max(0, block.start - start), end: Math.min(end, block.end) - start }));
}

function headingsOf({ blocks, text }: IndexedDocument): Set<string> {
  return new Set(
    blocks
      .filter(({ kind }) => kind === 'heading')
      .map((block) => comparableHeading(text.slice(block.start, block.end))),
  );
}

/** Where a block of code ends, also one whose fence is never closed. */
function closedEnd(text: string, { start, end }: { start: number; end: number }): number {
  const code = text.slice(start, end);
  const opening = /^\s*(`{3,}|~{3,})/.exec(code)?.[1];
  if (opening === undefined || code.slice(opening.length).trimEnd().endsWith(opening)) return end;
  return endOfUnclosed(text, { start, end });
}
