import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../catalog/sqlite/database.ts';
import { ApiError } from '../http/api-error.ts';
import { makeId } from '../http/make-id.ts';
import type { FilePurpose } from '../schemas/files.ts';
import { type Page, type PageRequest, pageOf } from '../state/list-page.ts';

/** A file that a client gave, or that was made for it. Times are Unix seconds. */
export interface ServerFile {
  id: string;
  tenant: string;
  filename: string;
  /** `FilePurpose`, or what the server made it for: `fine-tune-results`, `batch_output`. */
  purpose: string;
  bytes: number;
  createdAt: number;
  expiresAt: number | null;
}

/** What is known of a file before it is one. */
export interface NewFile {
  tenant: string;
  filename: string;
  purpose: FilePurpose | 'fine-tune-results' | 'batch_output';
  /** Seconds until it goes by itself. */
  expiresIn?: number | undefined;
  /** Access labels that whoever reads it must hold, all of them. Default: none. */
  access?: readonly string[];
}

interface FileRow {
  id: string;
  tenant: string;
  filename: string;
  purpose: string;
  bytes: number;
  created_at: number;
  expires_at: number | null;
}

/** What is done before a file is gone: whatever was made of it goes with it. In the transaction that deletes it. */
export type BeforeDeletion = (file: ServerFile) => void;

/**
 * The files of a server: their bytes under `FOLDER/files/ID`, what is known of them in the database. A file is there once its row is; its bytes
 * were flushed before that. Bytes without a row are what a killed process left, and are removed when the server opens.
 */
export class ServerFiles {
  readonly #database: Database;
  readonly #directory: string;
  readonly #now: () => number;
  readonly #before: BeforeDeletion[] = [];

  private constructor(database: Database, directory: string, now: () => number) {
    this.#database = database;
    this.#directory = directory;
    this.#now = now;
  }

  /** Opens them, and removes what was never finished or has expired. */
  static async open({
    database,
    folder,
    now,
  }: {
    database: Database;
    folder: string;
    now: () => number;
  }): Promise<ServerFiles> {
    const directory = join(folder, 'files');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const files = new ServerFiles(database, directory, now);
    const known = new Set(database.all<{ id: string }>('SELECT id FROM files').map(({ id }) => id));
    for (const name of await readdir(directory))
      if (!known.has(name)) await rm(join(directory, name), { recursive: true, force: true });
    return files;
  }

  /** Called with each file before it is deleted. */
  onDelete(before: BeforeDeletion): void {
    this.#before.push(before);
  }

  /** A path, on the same disk as the files, at which nothing is yet: whoever writes there gives it to `adopt`, or removes it. */
  newPartial(): string {
    return join(this.#directory, `${makeId('file')}.partial`);
  }

  /**
   * Makes what lies at `partial` a file. When this returns it survives a power cut.
   * @param partial whole and flushed, made by `newPartial`
   * @param alongside what else changes in the same transaction
   */
  async adopt(
    partial: string,
    { tenant, filename, purpose, expiresIn, access }: NewFile,
    bytes: number,
    alongside?: (file: ServerFile) => void,
  ): Promise<ServerFile> {
    const createdAt = this.#now();
    const file: ServerFile = {
      id: makeId('file'),
      tenant,
      filename,
      purpose,
      bytes,
      createdAt,
      expiresAt: expiresIn === undefined ? null : createdAt + expiresIn,
    };
    await rename(partial, this.pathOf(file));
    await syncDirectory(this.#directory);
    this.#database.transaction(() => {
      this.#database.run(
        'INSERT INTO files (id, tenant, filename, purpose, bytes, access, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        file.id,
        tenant,
        filename,
        purpose,
        bytes,
        access ? JSON.stringify(access) : null,
        createdAt,
        file.expiresAt,
      );
      alongside?.(file);
    });
    return file;
  }

  /** A file of the given bytes, as `adopt` makes one of those on disk. */
  async add(given: NewFile, content: Uint8Array | string): Promise<ServerFile> {
    const partial = this.newPartial();
    try {
      const handle = await open(partial, 'wx', 0o600);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return await this.adopt(partial, given, Buffer.byteLength(content));
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** Undefined where the tenant has no such file, or it has expired. */
  find(tenant: string, id: string): ServerFile | undefined {
    const row = this.#database.get<FileRow>(
      'SELECT * FROM files WHERE id = ? AND tenant = ? AND coalesce(expires_at > ?, 1)',
      id,
      tenant,
      this.#now(),
    );
    return row && fileOf(row);
  }

  /** @throws ApiError 404 where the tenant has no such file */
  get(tenant: string, id: string): ServerFile {
    const file = this.find(tenant, id);
    if (file) return file;
    throw new ApiError(404, `There is no file ${id}.`, { param: 'file_id', code: 'file_not_found' });
  }

  /**
   * @param readable access labels of the reader; absent: all. Files that need another one are left out.
   */
  list(
    tenant: string,
    {
      purpose,
      readable,
      ...page
    }: PageRequest & { purpose?: string | undefined; readable?: readonly string[] | undefined },
  ): Page<ServerFile> {
    const { rows, hasMore } = pageOf<FileRow>(
      this.#database,
      {
        from: 'files',
        seq: 'seq',
        id: 'id',
        where: `tenant = ? AND coalesce(expires_at > ?, 1) AND coalesce(purpose = ?, 1) AND ${isReadable('files.id')}`,
        values: [tenant, this.#now(), purpose ?? null, labelsOf(readable), labelsOf(readable)],
      },
      page,
    );
    return { rows: rows.map(fileOf), hasMore };
  }

  /** The access labels that whoever reads it must hold: its own, and those under which it is in vector stores. */
  labels({ id }: Pick<ServerFile, 'id'>): string[] {
    return this.#database
      .all<{ label: string }>(`SELECT DISTINCT label FROM (${neededLabels('?')})`, id, id, id)
      .map(({ label }) => label);
  }

  /** @param held access labels of the reader; absent: all */
  mayRead(file: Pick<ServerFile, 'id'>, held: readonly string[] | undefined): boolean {
    return held === undefined || this.labels(file).every((label) => held.includes(label));
  }

  /** Where its bytes lie. */
  pathOf({ id }: Pick<ServerFile, 'id'>): string {
    return join(this.#directory, id);
  }

  /** All of its bytes. */
  async read(file: Pick<ServerFile, 'id'>): Promise<Uint8Array> {
    return readFile(this.pathOf(file));
  }

  /** Its bytes, piece by piece. */
  stream(file: Pick<ServerFile, 'id'>): ReadStream {
    return createReadStream(this.pathOf(file));
  }

  /** When this returns the file is gone, and so is its name; bytes that a kill leaves are removed at the next start. */
  async delete(file: ServerFile): Promise<void> {
    this.#database.transaction(() => {
      for (const before of this.#before) before(file);
      this.#database.run('DELETE FROM files WHERE id = ?', file.id);
    });
    await rm(this.pathOf(file), { force: true });
  }

  /** Deletes those whose time is over. */
  async deleteExpired(): Promise<void> {
    const expired = this.#database.all<FileRow>('SELECT * FROM files WHERE expires_at <= ?', this.#now());
    for (const row of expired) await this.delete(fileOf(row));
  }
}

/** A query for the labels of a file, which is named three times. */
const neededLabels = (file: string) =>
  `SELECT value AS label FROM files AS own, json_each(own.access) WHERE own.id = ${file} AND own.access IS NOT NULL
   UNION ALL SELECT placed.label FROM vector_store_files AS placed WHERE placed.file = ${file}
   UNION ALL SELECT placed.own_label FROM vector_store_files AS placed WHERE placed.file = ${file} AND placed.own_label IS NOT NULL`;

/** A condition with the reader's labels twice: null, or a list of them as JSON. */
const isReadable = (file: string) =>
  `(? IS NULL OR NOT EXISTS (SELECT 1 FROM (${neededLabels(file)}) WHERE label NOT IN (SELECT value FROM json_each(?))))`;

const labelsOf = (labels: readonly string[] | undefined) =>
  labels === undefined ? null : JSON.stringify(labels);

function fileOf(row: FileRow): ServerFile {
  const { id, tenant, filename, purpose, bytes, created_at, expires_at } = row;
  return { id, tenant, filename, purpose, bytes, createdAt: created_at, expiresAt: expires_at };
}

/** A name survives a power cut once its folder is flushed. */
async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no folders, and keeps names by itself.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
