import type { Document } from '../../core/types/document.ts';
import { sentences } from '../../text/sentences.ts';
import { wordsOf } from '../../text/words.ts';

/** A heading of a document, and what stands below it. */
export interface Section {
  documentId: string;
  title: string;
  /** Without marks of Markdown. */
  heading: string;
  /** From below the heading to the next one of any level. `[start, end)` in the document's text. */
  body: { start: number; end: number };
}

/** Fewer words than this say nothing that could be asked for. */
const leastWords = 6;

/** The sections of a document that have text of their own, in order. */
export function sectionsOf(document: Pick<Document, 'id' | 'title' | 'text' | 'blocks'>): Section[] {
  const { id, title, text, blocks } = document;
  const headings = blocks.filter(({ kind }) => kind === 'heading');
  return headings.flatMap(({ start, end }, at): Section[] => {
    const heading = text
      .slice(start, end)
      .replace(/^#+\s*|\s*#+$/g, '')
      .replace(/\s+/g, ' ')
      .trim();
    const below = { start: end, end: headings[at + 1]?.start ?? text.length };
    const isWorthAsking = heading !== '' && wordsOf(text.slice(below.start, below.end)).length >= leastWords;
    return isWorthAsking ? [{ documentId: id, title, heading, body: below }] : [];
  });
}

/** An answer of so many words is as long as people read. */
const mostWords = 60;

/**
 * The span that answers a section's heading: its first sentences, whole and in running text, as far as they make up an answer. Tables and code are no answer by themselves.
 */
export function openingSpan(
  { text, blocks }: Pick<Document, 'text' | 'blocks'>,
  { body }: Section,
): { start: number; end: number } | undefined {
  const first = blocks.find(
    ({ start, end, kind }) =>
      start >= body.start && end <= body.end && (kind === 'paragraph' || kind === 'list') && end > start,
  );
  if (!first) return undefined;
  const within = sentences(text.slice(first.start, first.end));
  let words = 0;
  let end: number | undefined;
  for (const sentence of within) {
    words += wordsOf(text.slice(first.start + sentence.start, first.start + sentence.end)).length;
    if (end !== undefined && words > mostWords) break;
    end = first.start + sentence.end;
  }
  if (end === undefined || wordsOf(text.slice(first.start, end)).length < leastWords) return undefined;
  return { start: first.start + within[0]!.start, end };
}
