import { extname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SourceError } from '../../core/errors/source-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { mediaTypeOf, readableExtensions } from '../../core/media-type.ts';
import type { Tandem } from '../../runtime/create-tandem.ts';
import { type IngestResult, ingest } from '../../runtime/ingest.ts';
import type { Source } from '../../sources/source.ts';
import type { ServerFiles } from '../files/server-files.ts';
import type { FileError } from '../schemas/vector-stores.ts';
import type { Chunking } from './chunking.ts';
import type { FileRows, Outcome, StoreFile } from './file-rows.ts';
import type { StoreIndexes } from './store-indexes.ts';

/** What files are indexed with. */
export interface IndexingOptions {
  rows: FileRows;
  files: ServerFiles;
  indexes: StoreIndexes;
  closing: AbortSignal;
  log(error: unknown): void;
}

/** New files in one turn: another store waits no longer than these take. */
const filesPerTurn = 32;
/** After a failure that is of no one file: milliseconds until the next try; then the files have failed. */
const retryAfter = [1000, 5000];

/**
 * Brings indexes in line with the rows of vector stores, one store after the other, in the background. What is to be done stands in the rows
 * alone: killed at any moment, the next server goes on from there.
 */
export class Indexing implements AsyncDisposable {
  readonly #options: IndexingOptions;
  readonly #waiting = new Set<string>();
  readonly #failures = new Map<string, number>();
  #running: Promise<void> | undefined;

  constructor(options: IndexingOptions) {
    this.#options = options;
  }

  /** Something of this store has changed. */
  wake(store: string): void {
    if (this.#options.closing.aborted) return;
    this.#waiting.add(store);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // What came as it ended.
      for (const late of this.#waiting) this.wake(late);
    });
  }

  async #run(): Promise<void> {
    // Whoever woke it is answered first.
    await wait(0);
    for (const store of this.#waiting) {
      if (this.#options.closing.aborted) return;
      this.#waiting.delete(store);
      try {
        await this.#indexStore(store);
        this.#failures.delete(store);
      } catch (error) {
        if (this.#options.closing.aborted) return;
        this.#retry(store, error);
      }
    }
  }

  async #indexStore(store: string): Promise<void> {
    const { rows } = this.#options;
    for (const chunking of rows.behind(store)) await this.#indexPart(store, chunking);
    // To the end of the round.
    if (rows.behind(store).length > 0) this.#waiting.add(store);
  }

  #retry(store: string, error: unknown): void {
    const { rows, closing, log } = this.#options;
    const failures = this.#failures.get(store) ?? 0;
    const after = retryAfter[failures];
    if (after !== undefined) {
      this.#failures.set(store, failures + 1);
      void wait(after, undefined, { signal: closing, ref: false }).then(
        () => this.wake(store),
        () => {},
      );
      return;
    }
    this.#failures.delete(store);
    log(error);
    const code = 'server_error' as const;
    const message = `It could not be indexed. ${TandemError.isInstance(error) ? error.message : 'The log of the server says why.'}`;
    const failed = rows.all(store).filter(({ status }) => status === 'in_progress');
    rows.settle(
      failed,
      new Map(failed.map(({ seq }) => [seq, { status: 'failed', error: { code, message } }])),
    );
  }

  /** One turn of one index. */
  async #indexPart(store: string, chunking: Chunking): Promise<void> {
    const { rows, indexes, closing } = this.#options;
    const all = rows.all(store, chunking);
    const coming = all.filter(({ status }) => status === 'in_progress');
    const later = new Set(coming.slice(filesPerTurn));
    const outcomes = new Map<number, Outcome>();
    const listed = all.filter((row) => {
      if ((row.status !== 'in_progress' && row.status !== 'completed') || later.has(row)) return false;
      if (mediaTypeFor(row.filename) !== undefined) return true;
      outcomes.set(row.seq, { status: 'failed', error: unsupported(row) });
      return false;
    });
    if (listed.length === 0) {
      await indexes.removeIndex(store, chunking);
    } else {
      const unreadable = new Set<string>();
      await indexes.use(store, chunking, async (tandem) => {
        const result = await ingest(tandem, {
          sources: [this.#sourceOf(listed, unreadable)],
          signal: closing,
        });
        await removeTraces(
          tandem,
          all.filter(
            ({ status, indexed, revision }) =>
              indexed < revision && (status === 'removing' || status === 'cancelled'),
          ),
        );
        for (const row of listed) outcomes.set(row.seq, await outcomeOf(row, tandem, { result, unreadable }));
      });
    }
    rows.settle(
      all.filter((row) => !later.has(row)),
      outcomes,
    );
  }

  #sourceOf(listed: readonly StoreFile[], unreadable: Set<string>): Source {
    const { files, log } = this.#options;
    const byUri = new Map(listed.map((row) => [uriOf(row), row]));
    return {
      id: 'files',
      async *list() {
        // A file's bytes never change.
        for (const [uri, { file, filename, label }] of byUri)
          yield {
            uri,
            changeMark: file,
            access: label,
            mediaType: mediaTypeFor(filename)!,
            reading: { id: 'uri' },
          };
      },
      async load({ uri }) {
        const { file, filename } = byUri.get(uri)!;
        try {
          return { bytes: await files.read({ id: file }) };
        } catch (cause) {
          unreadable.add(uri);
          log(cause);
          throw new SourceError({ uri, message: `The bytes of ${filename} could not be read.`, cause });
        }
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
  }
}

/** What its document is known by: the id makes it unique, the name says what it is. */
export const uriOf = ({ file, filename }: Pick<StoreFile, 'file' | 'filename'>) => `${file}/${filename}`;

/** The file of a document. */
export const fileOfUri = (uri: string) => uri.slice(0, uri.indexOf('/'));

/** Kinds of text that are read as they are. */
const textExtensions = new Set(
  'adoc c cc conf cpp cs css env go graphql h hpp ini java js jsx kt log lua php pl proto py r rb rs rst scala sh sql srt swift tex toml ts tsx vtt xml yaml yml'.split(
    ' ',
  ),
);

/** Of a name without an ending nothing is known: it is read as text, which is noticed where it is none. */
function mediaTypeFor(filename: string): string | undefined {
  const ending = extname(filename).slice(1).toLowerCase();
  return mediaTypeOf(filename) ?? (ending === '' || textExtensions.has(ending) ? 'text/plain' : undefined);
}

const unsupported = ({ filename }: StoreFile): FileError => ({
  code: 'unsupported_file',
  message: `${filename} is of a kind that is not read here. Read are ${[...readableExtensions, ...textExtensions].join(', ')}.`,
});

/** What became of a file that was listed. */
async function outcomeOf(
  row: StoreFile,
  { catalog }: Tandem,
  { result, unreadable }: { result: IngestResult; unreadable: ReadonlySet<string> },
): Promise<Outcome> {
  const uri = uriOf(row);
  const document = await catalog.documents.get(uri);
  if (document) {
    const { dimensions } = (await catalog.index.get())!;
    return {
      status: 'completed',
      usageBytes:
        Buffer.byteLength(document.text) + document.chunkCount * dimensions * Float32Array.BYTES_PER_ELEMENT,
      ownLabel: document.accessFromSource ? null : document.access,
    };
  }
  const problem = result.problems.find((each) => each.uri === uri && each.kind === 'failed');
  const said = problem ? [problem.message, problem.hint].filter(Boolean).join(' ') : 'It is no document.';
  return {
    status: 'failed',
    error: {
      code: unreadable.has(uri) ? 'server_error' : 'invalid_file',
      message: said.replaceAll(uri, row.filename),
    },
  };
}

/** Nothing of what was removed stays in the index's files: vectors that were kept for later, deleted rows, free pages. */
async function removeTraces(tandem: Tandem, removed: readonly StoreFile[]): Promise<void> {
  if (removed.length === 0) return;
  const { catalog } = tandem;
  await using _lock = await catalog.lockForWriting('removing files', { waitMs: 10_000 });
  const state = (await catalog.index.get())!;
  for (const row of removed) await catalog.embeddings.forget(uriOf(row));
  const store = await tandem.store();
  await store.prepare(state);
  await store.purge?.({ generation: state.generation, seq: state.committedSeq });
  await catalog.scrub();
}
