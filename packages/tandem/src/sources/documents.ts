import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import type { Source, SourceEntry } from './source.ts';

/** A document that is in memory already. */
export interface GivenDocument {
  /** Unique and lasting: what citations name it by, and by which it is known to have changed. */
  uri: string;
  /** Its text, or the bytes of a file of any kind that Tandem reads (PDF, Word, HTML …). */
  text: string | Uint8Array;
  /** Default `text/markdown`, of bytes: by the ending of `uri`. */
  mediaType?: string;
  /** Access label; default public. */
  access?: string;
}

/**
 * A source of documents that a program has in memory.
 * @throws InvalidInputError where two have the same uri, or one has none.
 *
 * @example
 * const source = fromDocuments([
 *   { uri: 'leave.md', text: '# Leave\n\nEverybody has 30 days of leave a year.' },
 *   { uri: 'pay.md', text: '# Pay\n\nPay comes on the 25th of each month.' },
 * ]);
 */
export function fromDocuments(documents: Iterable<GivenDocument>, options: { id?: string } = {}): Source {
  const byUri = new Map<string, GivenDocument>();
  for (const document of documents) {
    const { uri } = document;
    if (typeof uri !== 'string' || uri === '' || byUri.has(uri))
      throw new InvalidInputError({
        domain: 'sources',
        where: 'fromDocuments',
        message: byUri.has(uri)
          ? `Two documents have the uri ${JSON.stringify(uri)}.`
          : 'A document has no uri.',
        hint: 'Give each document a uri of its own: citations name it by that.',
      });
    if (typeof document.text !== 'string' && !(document.text instanceof Uint8Array))
      throw new InvalidInputError({
        domain: 'sources',
        where: 'fromDocuments',
        message: `The document ${JSON.stringify(uri)} has no text.`,
        hint: 'Give its text, or the bytes of a file.',
      });
    byUri.set(uri, document);
  }
  return {
    id: options.id ?? 'documents',
    async *list() {
      for (const document of byUri.values()) yield entryOf(document);
    },
    load: async ({ uri }) => ({ bytes: bytesOf(byUri.get(uri)!) }),
  };
}

function entryOf(document: GivenDocument): SourceEntry {
  const { uri, text, access } = document;
  const mediaType = document.mediaType ?? (typeof text === 'string' ? 'text/markdown' : undefined);
  return {
    uri,
    changeMark: sha256(text),
    size: bytesOf(document).length,
    ...(mediaType !== undefined && { mediaType }),
    ...(access !== undefined && { access }),
  };
}

const bytesOf = ({ text }: GivenDocument): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;
