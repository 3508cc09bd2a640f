/** What counts as found, question by question: what `../shared/data/general/score.py` says; `bench/retrieve-general.ts` holds the two together. */
import { basename, extname } from 'node:path';

/** What a question wants: of these members the first that is there, see `isFound`. */
export interface Wanted {
  /** Pages that hold the evidence. */
  evidence?: { document: string; pageText: string }[];
  /** Passages that answer, by file name; each is a document of its own. */
  documents?: string[];
  document?: string;
  /** \`table\`: any part of the document's table. */
  source?: string;
  passage?: string;
  passages?: string[];
}

/** Whether a passage is of the question's document and holds what is wanted, or lies in it, by half. */
export function isFound({ uri, text }: { uri: string; text: string }, wanted: Wanted): boolean {
  const name = nameOf(uri);
  if (wanted.evidence)
    return wanted.evidence.some(({ document, pageText }) => name === document && holds(text, pageText));
  if (wanted.documents) return wanted.documents.includes(name);
  if (name !== String(wanted.document)) return false;
  if (wanted.source === 'table') return text.split('|').length - 1 > 3;
  const passages = wanted.passage ? [wanted.passage] : (wanted.passages ?? []);
  return passages.length === 0 || passages.some((passage) => holds(text, passage));
}

const holds = (text: string, wanted: string) =>
  shareInside(text, wanted) >= 0.5 || shareInside(wanted, text) >= 0.5;

/** Share of the text's characters that stand in `wanted`, by sentences and cells. */
function shareInside(text: string, wanted: string): number {
  const inside = normalised(wanted);
  const parts = text
    .split(/(?<=[.!?。！？؟।])\s*|\s*\|\s*|\n/)
    .filter((part) => lengthOf(part.trim()) > 1)
    .map(normalised);
  const total = parts.reduce((sum, part) => sum + lengthOf(part), 0) || 1;
  return (
    parts
      .filter(
        (part) =>
          inside.includes(part) ||
          (lengthOf(part) > 60 &&
            (inside.includes([...part].slice(0, 45).join('')) ||
              inside.includes([...part].slice(-45).join('')))),
      )
      .reduce((sum, part) => sum + lengthOf(part), 0) / total
  );
}

/** In characters, as Python counts them. */
const lengthOf = (text: string) => [...text].length;

const normalised = (text: string) => text.replace(/\s+/g, ' ').trim();

function nameOf(uri: string): string {
  const file = basename(uri.split('#')[0]!.replaceAll('%20', ' '));
  return file.slice(0, file.length - extname(file).length);
}
