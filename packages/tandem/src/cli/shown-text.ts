import { fence } from '../answer/unsaid-lines.ts';
import type { DocumentCatalog, IndexedDocument } from '../catalog/catalog.ts';
import { markdownText } from '../parse/markdown-text.ts';

/** A span of a document. */
interface Place {
  documentId: string;
  start: number;
  end: number;
  /** What stands there, of what is no document: a fact that was read at the moment of the question. */
  quote?: string;
}

/**
 * How spans of documents are shown to a person: on one line, those of Markdown without its marks. With --json they are as they stand.
 * `said` is what is shown of a span where that is not its text, such as a table's row in words.
 */
export type ShowText = (place: Place, said?: string) => string;

/** Reads the documents that the places are in. */
export async function textShownOf(
  places: readonly Place[],
  documents: Pick<DocumentCatalog, 'getMany'>,
): Promise<ShowText> {
  const found = await documents.getMany([...new Set(places.map(({ documentId }) => documentId))]);
  return (place, said) => {
    const document = found.get(place.documentId);
    const text = said ?? document?.text.slice(place.start, place.end) ?? place.quote ?? '';
    const shown = document && isMarkdown(document) ? withoutMarks(text, place, document) : text;
    return shown.replace(/\s+/g, ' ').trim();
  };
}

const isMarkdown = ({ mediaType }: IndexedDocument) => /^text\/(?:x-)?markdown$/.test(mediaType);

/** Code stands as it is, but for its fences. */
function withoutMarks(text: string, { start, end }: Place, { text: whole, blocks }: IndexedDocument): string {
  const code = blocks.filter((block) => block.kind === 'code' && block.start < end && block.end > start);
  if (code.some((block) => block.start <= start && end <= block.end)) return withoutFences(text);
  if (code.length === 0 || text !== whole.slice(start, end)) return markdownText(text, whole);
  const parts: string[] = [];
  let at = start;
  for (const block of code) {
    parts.push(markdownText(whole.slice(at, Math.max(at, block.start)), whole));
    at = Math.min(end, block.end);
    parts.push(withoutFences(whole.slice(Math.max(start, block.start), at)));
  }
  return [...parts, markdownText(whole.slice(at, end), whole)].join(' ');
}

const withoutFences = (code: string) =>
  code
    .split('\n')
    .filter((line) => !fence.test(line.trim()))
    .join('\n');
