import type { Chunk } from '../core/types/document.ts';

/** A chunk as the chunker made it, with what the index puts before it. Stores need not keep `prefix`. */
export interface EmbeddableChunk extends Chunk {
  /**
   * Title, other names and the headings above the chunk, as far as they fit: "Abetalipoproteinemia (ABL; …): Symptoms";
   * below it a table's head, for a chunk that begins among its rows.
   * A chunk alone often does not say what it is about, and a question by abbreviation would not find it.
   */
  prefix: string;
}

/** What is embedded and full-text indexed for a chunk: prefix and text. Its tokens are within the chunker's `maxTokens`. */
export function embeddedText(chunk: Pick<EmbeddableChunk, 'prefix' | 'text'>): string {
  return chunk.prefix === '' ? chunk.text : `${chunk.prefix}\n${chunk.text}`;
}
