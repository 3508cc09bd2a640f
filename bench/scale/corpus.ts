/**
 * A corpus of any size out of the real one: chunk `i` is the real chunk `i mod B`; the first B are as they are, the others have their
 * vector moved and some words left out. All from `i` alone, so that nothing has to be kept.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCatalog } from '../../packages/tandem/src/catalog/sqlite-catalog.ts';
import { embeddedText } from '../../packages/tandem/src/chunk/embedded-text.ts';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { ingest } from '../../packages/tandem/src/ingest/ingest.ts';
import type { LocalEmbedderModel } from '../../packages/tandem/src/models/local-embedder.ts';
import { filesSource } from '../../packages/tandem/src/sources/files.ts';
import type { ChunkRow } from '../../packages/tandem/src/store/chunk-table.ts';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';
import { termsOf } from '../../packages/tandem/src/text/terms.ts';

export interface Corpus {
  /** Real chunks. */
  readonly real: number;
  readonly dimensions: number;
  vector(i: number): Float32Array;
  row(i: number): ChunkRow;
}

/** Length of the noise beside a unit vector: a copy has a cosine of about 1 / √(1 + .45²) = .91 to what it is a copy of. */
const noise = 0.45;

/** The real chunks with their embeddings: MedQuAD, ingested into `folder` where that was not done before. */
export async function openCorpus(
  folder: string,
  data: string,
  embedder: LocalEmbedderModel,
): Promise<Corpus> {
  await using catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'index'));
  if (!existsSync(join(folder, 'index')))
    await ingest({
      catalog,
      store,
      embedder,
      sources: [filesSource({ path: join(data, 'corpus'), baseDirectory: data })],
      chunking: { maxTokens: 200, overlapTokens: 30 },
      onProgress: ({ stage, done, total }) => process.stderr.write(`\r${stage} ${done}/${total ?? '?'}   `),
    });
  const state = (await catalog.index.get())!;
  const scan = store.scan({ generation: state.generation, seq: state.committedSeq });
  const chunks = (await Array.fromAsync(scan)).map(({ chunk }) => chunk);
  const texts = chunks.map((chunk) => embeddedText({ prefix: '', ...chunk }));
  const hashes = texts.map(sha256);
  const vectors = await catalog.embeddings.get(state.embedderHash, hashes);
  const present = chunks
    .map((chunk, i) => ({ chunk, text: texts[i]!, vector: vectors.get(hashes[i]!) }))
    .filter((each): each is typeof each & { vector: Float32Array } => each.vector !== undefined);
  const { dimensions } = state;

  function vector(i: number): Float32Array {
    const { vector: original } = present[i % present.length]!;
    if (i < present.length) return original;
    const random = randomOf(i);
    const moved = new Float32Array(dimensions);
    let [length, noiseLength] = [0, 0];
    for (let j = 0; j < dimensions; j++) {
      // Nearly normal: the sum of three uniform numbers.
      const step = random() + random() + random() - 1.5;
      moved[j] = step;
      noiseLength += step * step;
    }
    const scale = noise / Math.sqrt(noiseLength);
    for (let j = 0; j < dimensions; j++) {
      moved[j] = original[j]! + moved[j]! * scale;
      length += moved[j]! * moved[j]!;
    }
    for (let j = 0; j < dimensions; j++) moved[j]! /= Math.sqrt(length);
    return moved;
  }

  function row(i: number): ChunkRow {
    const { chunk, text } = present[i % present.length]!;
    const copy = Math.floor(i / present.length);
    const { addedSeq: _, ...plain } = chunk;
    const random = randomOf(i + 0x5eed);
    // A sixth of the words goes, so that copies differ in length and in what finds them.
    const said =
      copy === 0
        ? text
        : text
            .split(' ')
            .filter(() => random() > 1 / 6)
            .join(' ');
    const documentId = copy === 0 ? chunk.documentId : `${chunk.documentId} copy ${copy}`;
    return {
      ...plain,
      documentId,
      id: `${documentId}#${chunk.ordinal}`,
      terms: termsOf(said),
      vector: vector(i),
    };
  }

  return { real: present.length, dimensions, vector, row };
}

/** Uniform in [0, 1), the same for the same seed on every machine (mulberry32). */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The indices of the nearest rows to each query by comparing every row: what recall is measured against. */
export class ExactNeighbours {
  #queries: Float32Array[];
  #k: number;
  #best: { i: number; score: number }[][];

  constructor(queries: Float32Array[], k: number) {
    this.#queries = queries;
    this.#k = k;
    this.#best = queries.map(() => []);
  }

  /** Vectors and queries are of unit length. */
  see(i: number, vector: Float32Array): void {
    for (const [q, query] of this.#queries.entries()) {
      let score = 0;
      for (let j = 0; j < query.length; j++) score += query[j]! * vector[j]!;
      const best = this.#best[q]!;
      if (best.length === this.#k && score <= best.at(-1)!.score) continue;
      let at = best.length;
      while (at > 0 && best[at - 1]!.score < score) at--;
      best.splice(at, 0, { i, score });
      if (best.length > this.#k) best.pop();
    }
  }

  /** Best first. */
  found(): number[][] {
    return this.#best.map((best) => best.map(({ i }) => i));
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
