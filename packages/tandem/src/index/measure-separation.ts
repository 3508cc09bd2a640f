import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { embedMany } from 'ai';
import type { IndexState } from '../catalog/catalog.ts';
import { dot, unit } from '../core/cosine.ts';
import { sha256 } from '../core/hash.ts';
import type { ChunkTable, Snapshot, StoredChunk } from '../store/chunk-table.ts';
import { sentences } from '../text/sentences.ts';

/** How well an embedder tells the passages of an index apart, and of how many it was measured. */
export interface Separation {
  /** In standard deviations: about 6 where an English embedder reads an encyclopaedia, 1 where it cannot read the script. */
  value: number;
  /** In the index when it was measured. */
  chunks: number;
}

/** Passages that are compared, and sentences that stand for questions. */
const sampled = { passages: 1000, sentences: 200 };

/** What is taken for granted until it was measured; what depends on separation is told relative to it. */
export const usualSeparation = 4;

/** How many sentences' worth the usual value is. */
const priorSentences = 10;

/** Of an index, as its ingest measured it; measured now where it was made before there was such a thing. */
export async function separationOf(
  { separation, generation, committedSeq }: IndexState,
  parts: Parameters<typeof measureSeparation>[0],
  options: { signal?: AbortSignal } = {},
): Promise<number> {
  const known = separation ?? (await measureSeparation(parts, { generation, seq: committedSeq }, options));
  return known.value;
}

/**
 * Measures, without questions and answers, how far meaning can be trusted in an index: sentences of it are embedded as questions are, and
 * the cosine of each to its own passage is compared with its cosines to all others. The value is the mean of (own − mean of others) ÷
 * standard deviation of the others, over all sentences. It is low for a language that the embedder cannot read, and where all
 * passages say much the same. The same index gives the same value.
 */
export async function measureSeparation(
  { store, embedder }: { store: Pick<ChunkTable, 'count' | 'scan'>; embedder: EmbeddingModelV4 },
  at: Snapshot,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Separation> {
  const chunks = await store.count(at);
  const every = Math.max(1, Math.ceil(chunks / sampled.passages));
  const rows: { chunk: StoredChunk; vector: Float32Array }[] = [];
  const abort = signal && { signal };
  for await (const { chunk, vector } of store.scan(at, undefined, { withVectors: true, every, ...abort }))
    rows.push({ chunk, vector: unit(Float32Array.from(vector!)) });

  // By hash: when some documents change, most of the sentences stay the same ones.
  const inOrder = rows
    .map((own) => ({ own, order: sha256(own.chunk.text) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const asking: { own: (typeof rows)[number]; sentence: string }[] = [];
  for (const { own } of inOrder) {
    if (asking.length === sampled.sentences) break;
    const sentence = sentenceOf(own.chunk.text);
    if (sentence !== undefined) asking.push({ own, sentence });
  }
  if (asking.length === 0) return { value: usualSeparation, chunks };
  const { embeddings } = await embedMany({
    model: embedder,
    values: asking.map(({ sentence }) => sentence),
    providerOptions: { tandem: { role: 'query' } },
    ...(signal && { abortSignal: signal }),
  });

  const cosines = { own: 0, sum: 0, squares: 0, others: 0 };
  for (const [index, { own }] of asking.entries()) {
    const vector = unit(Float32Array.from(embeddings[index]!));
    cosines.own += dot(vector, own.vector) / asking.length;
    for (const other of rows) {
      if (isNear(own.chunk, other.chunk)) continue;
      const cosine = dot(vector, other.vector);
      cosines.sum += cosine;
      cosines.squares += cosine * cosine;
      cosines.others++;
    }
  }
  const mean = cosines.sum / cosines.others;
  const deviation = Math.sqrt(cosines.squares / cosines.others - mean * mean);
  const measured = (cosines.own - mean) / deviation;
  // A few pages say little about an embedder.
  const count = Number.isFinite(measured) ? Math.min(asking.length, cosines.others / asking.length) : 0;
  const weighed = count > 0 ? count * measured : 0;
  return { value: (weighed + priorSentences * usualSeparation) / (count + priorSentences), chunks };
}

/** In characters. */
const questionLength = 80;

/** Itself, or one beside it that may repeat the sentence. */
const isNear = (a: StoredChunk, b: StoredChunk) =>
  a.documentId === b.documentId && Math.abs(a.ordinal - b.ordinal) <= 1;

/** As long as a question, or nearly; a table's row is none. */
function sentenceOf(text: string): string | undefined {
  return sentences(text)
    .map(({ start, end }) => text.slice(start, end).trim())
    .filter((sentence) => sentence.length >= 30 && sentence.length <= 300 && !sentence.includes('|'))
    .sort((a, b) => Math.abs(a.length - questionLength) - Math.abs(b.length - questionLength))[0];
}
