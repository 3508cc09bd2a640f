import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { ProgressEvent } from '../core/progress.ts';
import { openLocalEmbedder } from '../models/local-embedder.ts';
import { pdfOf } from '../parse/pdf.fixture.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { ingest } from './ingest.ts';

/** Of some thousand weights: the words that it knows are letters. */
const embedderFolder = join(import.meta.dirname, '../../../nn/references/bert/embedder');
const pages = 700;
const bytes = pdfOf(Array.from({ length: pages }, () => 'text' as const));

test('while long PDFs are read and embedded, each page is told of, and no five seconds are silent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-progress-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rmSync(folder, { recursive: true }));
  const embedder = cleanup.use(await openLocalEmbedder({ path: embedderFolder, modelId: 'letters' }));
  const catalog = cleanup.use(await openCatalog(join(folder, 'catalog.sqlite')));
  const store = cleanup.use(await openLanceStore(join(folder, 'index')));
  const names = ['reports/2023.pdf', 'reports/2024.pdf', 'reports/2025.pdf'];
  const events: (ProgressEvent & { at: number })[] = [];

  const started = performance.now();
  const { index } = await ingest({
    catalog,
    store,
    embedder,
    chunking: { maxTokens: 22, overlapTokens: 0 },
    batchChunks: 100,
    sources: [
      {
        id: 'memory',
        async *list() {
          for (const uri of names) yield { uri, changeMark: '1', mediaType: 'application/pdf' };
        },
        // Not one of them is the same, or it would be the same document under another name.
        load: async ({ uri }) => ({ bytes: Buffer.concat([bytes, Buffer.from(`\n%${uri}\n`)]) }),
      },
    ],
    onProgress: (event) => events.push({ ...event, at: performance.now() }),
  });
  const times = [started, ...events.map(({ at }) => at), performance.now()];

  expect(index.documents).toBe(3);
  const details = events.flatMap(({ stage, detail }) => (stage === 'ingesting' ? [detail ?? ''] : []));
  for (const name of ['2023.pdf', '2024.pdf', '2025.pdf']) {
    const told = details.flatMap((detail) =>
      detail.endsWith(` of ${pages} of ${name}`) ? [Number(/page (\d+) of/.exec(detail)![1])] : [],
    );
    expect([...new Set(told)]).toEqual(Array.from({ length: pages }, (_, page) => page + 1));
  }
  // What is embedded meanwhile is told with it, chunk by chunk, and never goes back.
  const chunks = details.map((detail) => Number(/^([\d,]+) chunks?/.exec(detail)![1]!.replace(',', '')));
  expect(chunks).toEqual(chunks.toSorted((a, b) => a - b));
  expect(new Set(chunks).size).toBeGreaterThan(10);
  expect(chunks.at(-1)).toBe(index.chunks);
  expect(events.filter(({ stage }) => stage === 'ingesting').at(-1)).toMatchObject({ done: 3, total: 3 });

  const gaps = times.slice(1).map((at, event) => at - times[event]!);
  expect(Math.max(...gaps)).toBeLessThan(5000);
});
