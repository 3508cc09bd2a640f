import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Adapter } from '../core/types/adapter.ts';
import type { Trace } from '../core/types/answer.ts';
import type { Catalog, DatasetRecord } from './catalog.ts';
import { Database } from './sqlite/database.ts';
import { documentCatalog, embeddingCache, indexCatalog } from './sqlite/documents.ts';
import { feedbackCatalog } from './sqlite/feedback.ts';
import { forgottenCatalog } from './sqlite/forgotten.ts';
import { listingCatalog } from './sqlite/listing.ts';
import { calibrationCatalog, deploymentCatalog, lookCatalog, recordTable } from './sqlite/records.ts';
import { runCatalog } from './sqlite/runs.ts';
import { catalogForm } from './sqlite/schema.ts';
import { lockForWriting, memoryLock } from './sqlite/writer-lock.ts';

/**
 * Opens the embedded catalogue, making the file and its folder if they are not there. Any number of processes may have it
 * open; beside it lie `PATH-wal` and `PATH-shm` (SQLite's), `PATH.lock` and `PATH.writer.json` (the writer's place).
 *
 * @throws InvalidInputError when the file is damaged, of a newer Tandem, or cannot be written.
 *
 * @example
 * await using catalog = await openCatalog('handbook.sqlite');
 * await using tandem = await createTandem({ catalog, sources: [fromDocuments(documents)] });
 */
export async function openCatalog(path: string): Promise<Catalog> {
  mkdirSync(dirname(path), { recursive: true });
  return catalogOver(new Database(path, catalogForm), (purpose, options) =>
    lockForWriting(path, purpose, options),
  );
}

/**
 * The same in memory, gone when it is disposed: for tests, notebooks and throw-away use.
 *
 * @example
 * await using catalog = await openMemoryCatalog();
 * await using tandem = await createTandem({ catalog });
 */
export async function openMemoryCatalog(): Promise<Catalog> {
  return catalogOver(new Database(':memory:', catalogForm), memoryLock());
}

function catalogOver(database: Database, lock: Catalog['lockForWriting']): Catalog {
  return {
    lockForWriting: lock,
    index: indexCatalog(database),
    documents: documentCatalog(database),
    listing: listingCatalog(database),
    forgotten: forgottenCatalog(database),
    embeddings: embeddingCache(database),
    runs: runCatalog(database),
    datasets: recordTable<DatasetRecord>(database, 'datasets', (dataset) => dataset.createdAt, 1000),
    adapters: recordTable<Adapter>(database, 'adapters', (adapter) => adapter.createdAt, 1000),
    traces: {
      ...recordTable<Trace>(database, 'traces', (trace) => trace.at, 20),
      dropBefore: async (at) =>
        database.run(
          'DELETE FROM traces WHERE created_at < ? AND id NOT IN (SELECT trace_id FROM feedback)',
          at,
        ),
    },
    feedback: feedbackCatalog(database),
    deployments: deploymentCatalog(database),
    looks: lookCatalog(database),
    calibrations: calibrationCatalog(database),
    scrub: async () => database.scrub(),
    copyTo: async (copy) => database.copyTo(copy),
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}
