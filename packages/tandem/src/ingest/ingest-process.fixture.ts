/**
 * Run by `kill.slow.test.ts` as a process of its own: one ingest of `FOLDER/documents` into `FOLDER/data`, reported on stdout. Access
 * labels by file name are in `FOLDER/labels.json`, if it exists.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../models/local-embedder.ts';
import { filesSource } from '../sources/files.ts';
import type { Source } from '../sources/source.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { ingest } from './ingest.ts';

// Past a file size limit the kernel sends this, which would end the process; with a listener the write fails instead.
process.on('SIGXFSZ', () => {});

const [folder, batchChunks] = process.argv.slice(2) as [string, string];
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  await using embedder = await openLocalEmbedder({ path, threads: 2, modelId: 'all-minilm-l6-v2' });
  await using catalog = await openCatalog(join(folder, 'data', 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'data', 'index'));
  const report = await ingest({
    catalog,
    store,
    embedder,
    sources: [labelled(filesSource({ path: 'documents', baseDirectory: folder }))],
    chunking: { maxTokens: 120, overlapTokens: 20 },
    batchChunks: Number(batchChunks),
    onProgress: (event) => tell({ event }),
  });
  tell({ report });
} catch (error) {
  if (!TandemError.isInstance(error)) throw error;
  tell({ error: { code: error.code, message: error.message, hint: error.hint } });
  process.exitCode = 1;
}

function labelled(source: Source): Source {
  const file = join(folder, 'labels.json');
  const labels: Record<string, string> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return {
    ...source,
    async *list(options) {
      for await (const entry of source.list(options)) {
        const access = labels[basename(entry.uri)];
        yield access === undefined ? entry : { ...entry, access };
      }
    },
  };
}
