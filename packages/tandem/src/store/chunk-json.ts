import type { ChunkRow, StoredChunk } from './chunk-table.ts';

/**
 * All of a chunk but its commit, terms and vector in one string, for stores that need few of its fields in columns. JSON
 * writes characters that a database may refuse (NUL, lone surrogates) in ones that none does.
 */
export function chunkToJson({ terms: _, vector: __, ...chunk }: ChunkRow): string {
  return JSON.stringify(chunk);
}

export function chunkFromJson(json: string, addedSeq: number): StoredChunk {
  return { ...JSON.parse(json), addedSeq };
}
