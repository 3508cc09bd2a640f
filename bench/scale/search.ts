/** Searches an index that `bench/scale.ts` made, in a process of its own so that its memory is that of searching: `search.ts FOLDER`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../../packages/tandem/src/models/local-embedder.ts';
import { fuseRankings } from '../../packages/tandem/src/retrieve/fuse/fuse-rankings.ts';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';
import { termsOf } from '../../packages/tandem/src/text/terms.ts';
import { percentile } from './corpus.ts';
import { peakMemory } from './memory.ts';
import type { Question } from './questions.ts';

const folder = process.argv[2]!;
const questions: Question[] = JSON.parse(readFileSync(join(folder, 'questions.json'), 'utf8'));
const at = { generation: 1, seq: 1 };
await using store = await openLanceStore(join(folder, 'index'));

const ids = (found: { chunk: { id: string } }[]) => found.map(({ chunk }) => chunk.id);
/** Milliseconds: by the clock, and of the processor in all threads. On a machine that others use as well only the second holds. */
interface Times {
  wall: number[];
  processor: number[];
}
const none = (): Times => ({ wall: [], processor: [] });
async function timed<T>(times: Times, work: () => Promise<T>): Promise<T> {
  const [before, processorBefore] = [performance.now(), process.cpuUsage()];
  const result = await work();
  times.wall.push(performance.now() - before);
  const { user, system } = process.cpuUsage(processorBefore);
  times.processor.push((user + system) / 1000);
  return result;
}
async function hybrid(vector: Float32Array, question: string) {
  const [dense, lexical] = await Promise.all([
    store.searchVector(vector, { at, limit: 30 }),
    store.searchTerms(termsOf(question), { at, limit: 30 }),
  ]);
  return fuseRankings([ids(dense), ids(lexical)]).slice(0, 10);
}

const vectors = questions.map(({ vector }) => Float32Array.from(vector));
let [dense, lexical, both] = [none(), none(), none()];
let hits = 0;
for (let round = 0; round < 2; round++) {
  // The first round warms files and indices, and is not counted.
  [dense, lexical, both] = [none(), none(), none()];
  hits = 0;
  for (const [q, { nearest, question }] of questions.entries()) {
    const found = ids(
      await timed(dense, () => store.searchVector(vectors[q]!, { at, limit: nearest.length })),
    );
    hits += nearest.filter((id) => found.includes(id)).length;
    await timed(lexical, () => store.searchTerms(termsOf(question), { at, limit: 30 }));
    await timed(both, () => hybrid(vectors[q]!, question));
  }
}
const memoryOfSearch = peakMemory();

const { path } = await fetchModel('local:all-minilm-l6-v2');
await using embedder = await openLocalEmbedder({ path });
let warm = none();
for (let round = 0; round < 2; round++) {
  warm = none();
  for (const { question } of questions)
    await timed(warm, async () => {
      const { embeddings } = await embedder.doEmbed({
        values: [question],
        providerOptions: { tandem: { role: 'query' } },
      });
      return await hybrid(Float32Array.from(embeddings[0]!), question);
    });
}

const times = ({ wall, processor }: Times) => ({
  p50: percentile(wall, 0.5),
  p95: percentile(wall, 0.95),
  processorP50: percentile(processor, 0.5),
});
console.log(
  JSON.stringify({
    rows: await store.count(at),
    recall: hits / questions.reduce((sum, { nearest }) => sum + nearest.length, 0),
    vector: times(dense),
    fullText: times(lexical),
    hybrid: times(both),
    embedSearchFuse: times(warm),
    memoryOfSearch,
    memoryWithEmbedder: peakMemory(),
  }),
);
