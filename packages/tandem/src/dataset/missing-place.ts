import type { Catalog } from '../catalog/catalog.ts';
import type { Document } from '../core/types/document.ts';
import { headingText } from '../parse/markdown.ts';
import { countCommon, trigramsOf } from '../text/trigrams.ts';
import { foldedWords } from '../text/words.ts';

/** A place that a line names and the documents do not have, and what they have instead. */
export interface MissingPlace {
  documentId: string;
  section?: string | undefined;
  /** The document's headings, in order; absent where the document itself is not there. */
  sections?: string[];
  /** The section that is called most like it; where the document is not there, the document. Absent where there is none at all. */
  nearest?: string;
}

/** What is there instead of a document, or of a section of it. */
export async function describeMissing(
  { documentId, section }: Pick<MissingPlace, 'documentId' | 'section'>,
  documents: Pick<Catalog['documents'], 'get' | 'list'>,
): Promise<MissingPlace> {
  const place = { documentId, ...(section !== undefined && { section }) };
  const document = await documents.get(documentId);
  const sections = document && headingsOf(document);
  const nearest = sections
    ? nearestTo(section ?? '', sections)
    : nearestTo(
        documentId,
        (await documents.list()).map(({ id }) => id),
      );
  return { ...place, ...(sections && { sections }), ...(nearest !== undefined && { nearest }) };
}

function headingsOf({ text, blocks }: Pick<Document, 'text' | 'blocks'>): string[] {
  return blocks
    .filter(({ kind }) => kind === 'heading')
    .map(({ start, end }) => headingText(text.slice(start, end)));
}

/** The name that shares most runs of three characters with this one (Dice's coefficient); the first of equals. */
export function nearestTo(name: string, names: readonly string[]): string | undefined {
  const wanted = trigramsOf(foldedWords(name));
  let best: { name: string; share: number } | undefined;
  for (const each of names) {
    const own = trigramsOf(foldedWords(each));
    const share = (2 * countCommon(own, wanted)) / Math.max(1, wanted.size + own.size);
    if (!best || share > best.share) best = { name: each, share };
  }
  return best?.name;
}
