import type { Chunk } from '../core/types/document.ts';

/** A chunk as the chunker made it, with what the index puts before it. Stores need not keep `prefix`. */
export interface EmbeddableChunk extends Chunk {
  /**
   * Title, other names and the headings above the chunk, as far as they fit: "Abetalipoproteinemia (ABL; …): Symptoms";
   * below it, for a chunk with rows of a table, the table's caption and the names of its columns, unless they stand in the chunk.
   * A chunk alone often does not say what it is about, and a question by abbreviation would not find it.
   */
  prefix: string;
  /** The same with nothing shortened, where that is more: full-text search has room for it. Not kept. */
  searchPrefix?: string;
}

/** What is embedded and full-text indexed for a chunk: prefix and text. Its tokens are within the chunker's `maxTokens`. */
export function embeddedText(chunk: Pick<EmbeddableChunk, 'prefix' | 'text'>): string {
  return chunk.prefix === '' ? chunk.text : `${chunk.prefix}\n${chunk.text}`;
}
