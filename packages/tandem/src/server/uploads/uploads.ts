import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Database } from '../../catalog/sqlite/database.ts';
import { checkContent } from '../files/check-content.ts';
import type { ServerFile, ServerFiles } from '../files/server-files.ts';
import { ApiError } from '../http/api-error.ts';
import { makeId } from '../http/make-id.ts';
import type { FilePurpose } from '../schemas/files.ts';
import type { NewUpload } from '../schemas/uploads.ts';

/** A file that comes in parts. Times are Unix seconds. */
export interface Upload {
  id: string;
  tenant: string;
  filename: string;
  purpose: FilePurpose;
  /** How many there will be. */
  bytes: number;
  /** Seconds until the file goes by itself, once it is one. */
  fileSeconds: number | null;
  createdAt: number;
  expiresAt: number;
  status: 'pending' | 'completed' | 'cancelled' | 'expired';
  /** The file that it became. */
  file: ServerFile | null;
}

/** A part that is on disk. */
export interface UploadPart {
  id: string;
  upload: string;
  createdAt: number;
}

interface UploadRow {
  id: string;
  tenant: string;
  filename: string;
  purpose: FilePurpose;
  bytes: number;
  file_seconds: number | null;
  created_at: number;
  expires_at: number;
  status: 'pending' | 'completed' | 'cancelled';
  file: string | null;
}

/** An upload that is not completed by then is given up. */
const lifetimeSeconds = 3600;
/** Uploads that are over are remembered so long. */
const rememberedSeconds = 30 * 86_400;
/** Of one part. */
export const mostPartBytes = 64 * 2 ** 20;

/** Uploads in parts: their bytes under `FOLDER/uploads/ID/PART` until they are a file. */
export class Uploads {
  readonly #database: Database;
  readonly #files: ServerFiles;
  readonly #directory: string;
  readonly #now: () => number;
  readonly #mostBytes: number;
  /** Uploads that are being put together: no part comes to them, and nobody else completes them. */
  readonly #completing = new Set<string>();

  private constructor(options: UploadOptions) {
    this.#database = options.database;
    this.#files = options.files;
    this.#directory = join(options.folder, 'uploads');
    this.#now = options.now;
    this.#mostBytes = options.mostFileBytes;
  }

  /** Opens them; parts of which nothing is known are removed. */
  static async open(options: UploadOptions): Promise<Uploads> {
    const uploads = new Uploads(options);
    await mkdir(uploads.#directory, { recursive: true, mode: 0o700 });
    await uploads.deleteExpired();
    const known = new Set(
      options.database.all<{ id: string }>('SELECT id FROM upload_parts').map(({ id }) => id),
    );
    const pending = new Set(
      options.database
        .all<{ id: string }>("SELECT id FROM uploads WHERE status = 'pending'")
        .map(({ id }) => id),
    );
    for (const upload of await readdir(uploads.#directory)) {
      const folder = join(uploads.#directory, upload);
      if (!pending.has(upload)) await rm(folder, { recursive: true, force: true });
      else
        for (const part of await readdir(folder))
          if (!known.has(part)) await rm(join(folder, part), { force: true });
    }
    return uploads;
  }

  /** @throws ApiError 413 for more bytes than a file may have */
  async create(tenant: string, { filename, purpose, bytes, expires_after }: NewUpload): Promise<Upload> {
    if (bytes > this.#mostBytes)
      throw new ApiError(413, `A file has ${this.#mostBytes} bytes at most.`, {
        param: 'bytes',
        code: 'file_too_large',
      });
    const id = makeId('upload', '_');
    const now = this.#now();
    await mkdir(join(this.#directory, id), { mode: 0o700 });
    this.#database.run(
      "INSERT INTO uploads (id, tenant, filename, purpose, bytes, file_seconds, created_at, expires_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending')",
      id,
      tenant,
      filename,
      purpose,
      bytes,
      expires_after?.seconds ?? null,
      now,
      now + lifetimeSeconds,
    );
    return this.get(tenant, id);
  }

  /** @throws ApiError 404 where the tenant has no such upload */
  get(tenant: string, id: string): Upload {
    const row = this.#database.get<UploadRow>(
      'SELECT * FROM uploads WHERE id = ? AND tenant = ?',
      id,
      tenant,
    );
    if (row) return this.#uploadOf(row);
    throw new ApiError(404, `There is no upload ${id}.`, { param: 'upload_id', code: 'upload_not_found' });
  }

  /** The same. @throws ApiError 400 where nothing can be done with it any more */
  pending(tenant: string, id: string): Upload {
    const upload = this.get(tenant, id);
    if (upload.status === 'pending' && !this.#completing.has(id)) return upload;
    const state = upload.status === 'pending' ? 'being completed' : upload.status;
    throw new ApiError(400, `The upload ${id} is ${state}.`, {
      param: 'upload_id',
      code: `upload_${state.replace(' ', '_')}`,
    });
  }

  /** A path for the bytes of a part: whoever writes there gives it to `adopt`, or removes it. */
  newPart({ id }: Upload): { part: string; path: string } {
    const part = makeId('part', '_');
    return { part, path: join(this.#directory, id, part) };
  }

  /** What lies at a path of `newPart`, whole and flushed, is a part from now on. @throws ApiError 400 where the upload is over by now */
  adopt(tenant: string, upload: string, part: string, bytes: number): UploadPart {
    this.pending(tenant, upload);
    const createdAt = this.#now();
    this.#database.run(
      'INSERT INTO upload_parts (id, tenant, upload, bytes, created_at) VALUES (?, ?, ?, ?, ?)',
      part,
      tenant,
      upload,
      bytes,
      createdAt,
    );
    return { id: part, upload, createdAt };
  }

  /** How many bytes more its parts may have. */
  room({ id, bytes }: Upload): number {
    const { sum } = this.#database.get<{ sum: number | null }>(
      'SELECT sum(bytes) AS sum FROM upload_parts WHERE upload = ?',
      id,
    )!;
    // Parts may be sent again, and only some of them be named in the end.
    return Math.max(0, 2 * bytes + mostPartBytes - (sum ?? 0));
  }

  /**
   * Puts the parts together, in the order given.
   * @throws ApiError 400 where they are not of the upload, not as long as was said, or not what their sum says
   */
  async complete(
    tenant: string,
    id: string,
    { parts, md5 }: { parts: readonly string[]; md5?: string | undefined },
  ): Promise<Upload> {
    const upload = this.pending(tenant, id);
    const sizes = new Map(
      this.#database
        .all<{ id: string; bytes: number }>('SELECT id, bytes FROM upload_parts WHERE upload = ?', id)
        .map((part) => [part.id, part.bytes]),
    );
    const unknown = parts.findIndex((part, at) => !sizes.has(part) || parts.indexOf(part) !== at);
    if (unknown >= 0)
      throw new ApiError(
        400,
        sizes.has(parts[unknown]!)
          ? `The part ${parts[unknown]} is named twice.`
          : `The upload ${id} has no part ${parts[unknown]}.`,
        { param: `part_ids[${unknown}]` },
      );
    const bytes = parts.reduce((sum, part) => sum + sizes.get(part)!, 0);
    if (bytes !== upload.bytes)
      throw new ApiError(
        400,
        `The parts have ${bytes} bytes together, and the upload was to have ${upload.bytes}.`,
        {
          param: 'part_ids',
        },
      );
    this.#completing.add(id);
    const partial = this.#files.newPartial();
    try {
      const hash = createHash('md5');
      await pipeline(
        bytesOf(
          parts.map((part) => join(this.#directory, id, part)),
          hash,
        ),
        createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }),
      );
      if (md5 !== undefined && hash.digest('hex') !== md5.toLowerCase())
        throw new ApiError(400, 'The parts are not what "md5" says.', { param: 'md5' });
      await checkContent(partial, upload.purpose);
      const { filename, purpose, fileSeconds } = upload;
      await this.#files.adopt(
        partial,
        { tenant, filename, purpose, expiresIn: fileSeconds ?? undefined },
        bytes,
        (file) => this.#end(id, 'completed', file.id),
      );
    } finally {
      this.#completing.delete(id);
      await rm(partial, { force: true });
    }
    await rm(join(this.#directory, id), { recursive: true, force: true });
    return this.get(tenant, id);
  }

  async cancel(tenant: string, id: string): Promise<Upload> {
    this.pending(tenant, id);
    this.#end(id, 'cancelled', null);
    await rm(join(this.#directory, id), { recursive: true, force: true });
    return this.get(tenant, id);
  }

  #end(id: string, status: 'completed' | 'cancelled', file: string | null): void {
    this.#database.run('UPDATE uploads SET status = ?, file = ? WHERE id = ?', status, file, id);
    this.#database.run('DELETE FROM upload_parts WHERE upload = ?', id);
  }

  /** Removes the parts of uploads whose time is over. */
  async deleteExpired(): Promise<void> {
    const now = this.#now();
    this.#database.run('DELETE FROM uploads WHERE expires_at <= ?', now - rememberedSeconds);
    const over = this.#database.all<{ id: string }>(
      "SELECT DISTINCT uploads.id FROM uploads JOIN upload_parts ON upload = uploads.id WHERE status = 'pending' AND expires_at <= ?",
      now,
    );
    for (const { id } of over) {
      if (this.#completing.has(id)) continue;
      this.#database.run('DELETE FROM upload_parts WHERE upload = ?', id);
      await rm(join(this.#directory, id), { recursive: true, force: true });
    }
  }

  #uploadOf(row: UploadRow): Upload {
    const { file_seconds, created_at, expires_at, file, status, ...rest } = row;
    const isOver = status === 'pending' && expires_at <= this.#now() && !this.#completing.has(row.id);
    return {
      ...rest,
      fileSeconds: file_seconds,
      createdAt: created_at,
      expiresAt: expires_at,
      status: isOver ? 'expired' : status,
      file: file === null ? null : (this.#files.find(row.tenant, file) ?? null),
    };
  }
}

/** What lies in several files, one after the other. */
async function* bytesOf(paths: readonly string[], hash: Hash): AsyncGenerator<Buffer> {
  for (const path of paths)
    for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
}

/** What uploads are made of. */
export interface UploadOptions {
  database: Database;
  files: ServerFiles;
  folder: string;
  mostFileBytes: number;
  /** Unix seconds. */
  now(): number;
}
