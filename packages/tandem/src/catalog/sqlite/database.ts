import { renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { DiskFullError } from '../../core/errors/disk-full-error.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { LockedError } from '../../core/errors/locked-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';

export type Row = Record<string, SQLInputValue>;

/** What a file holds, and what it is called in messages. */
export interface DatabaseForm {
  /** Each brings a file one version further; never edited once released. `user_version` says how many have been applied. */
  migrations: readonly string[];
  /** "catalogue" */
  called: string;
  /** What to do where the file cannot be used any more: "ingest again". */
  makeAgain: string;
}

/**
 * One SQLite file with its schema up to date. `synchronous = FULL` under WAL: a commit that returned survives a power cut.
 * Busy waits are short because no transaction here does anything but SQL.
 */
export class Database {
  readonly path: string;
  readonly #form: DatabaseForm;
  #connection: DatabaseSync;
  #statements = new Map<string, StatementSync>();

  constructor(path: string, form: DatabaseForm) {
    this.path = path;
    this.#form = form;
    try {
      this.#connection = new DatabaseSync(path, { timeout: 10_000 });
      this.#connection.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;',
      );
    } catch (error) {
      throw this.#explained(error);
    }
    try {
      this.#migrate();
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  all<T = Row>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#explain(() => this.#prepared(sql).all(...values) as T[]);
  }

  get<T = Row>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#explain(() => this.#prepared(sql).get(...values) as T | undefined);
  }

  /** Number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#explain(() => Number(this.#prepared(sql).run(...values).changes));
  }

  /** Runs `work` as one transaction that has the write lock from its start, so that what it reads cannot change under it. */
  transaction<T>(work: () => T): T {
    return this.#explain(() => {
      this.#connection.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#connection.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk has SQLite roll back by itself.
        if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /**
   * Rewrites the file and empties the log: neither holds what was deleted any more (https://sqlite.org/lang_vacuum.html).
   */
  scrub(): void {
    this.#explain(() => {
      this.#connection.exec('VACUUM');
      const { busy } = this.get<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)')!;
      if (busy)
        throw new LockedError({
          domain: 'catalog',
          message: `Another process keeps reading the ${this.#form.called} ${this.path}, so that its log could not be emptied of what was deleted.`,
          hint: 'Stop the other process and run this command again.',
        });
    });
  }

  /** What a killed copy left is overwritten (https://sqlite.org/lang_vacuum.html#vacuuminto). */
  copyTo(path: string): void {
    const partial = `${path}.partial`;
    this.#explain(() => {
      rmSync(partial, { force: true });
      this.run('VACUUM INTO ?', partial);
      renameSync(partial, path);
    });
  }

  close(): void {
    this.#statements.clear();
    if (this.#connection.isOpen) this.#connection.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #migrate(): void {
    const version = () => Number(this.get<{ user_version: number }>('PRAGMA user_version')?.user_version);
    if (version() > this.#form.migrations.length)
      throw new InvalidInputError({
        domain: 'catalog',
        where: this.path,
        message: `The ${this.#form.called} ${this.path} was written by a newer Tandem (schema ${version()}; this one knows ${this.#form.migrations.length}).`,
        hint: `Update Tandem, or move the data folder away and ${this.#form.makeAgain}.`,
      });
    if (version() === this.#form.migrations.length) return;
    this.transaction(() => {
      for (let next = version(); next < this.#form.migrations.length; next++) {
        this.#connection.exec(this.#form.migrations[next]!);
        this.#connection.exec(`PRAGMA user_version = ${next + 1}`);
      }
    });
  }

  #explain<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** SQLite's result codes (https://sqlite.org/rescode.html) as sentences; the low byte is the primary code. */
  #explained(error: unknown): unknown {
    if (TandemError.isInstance(error)) return error;
    const extended = (error as { errcode?: number }).errcode;
    if (extended === undefined) return error;
    const primary = extended & 0xff;
    const detail = (error as Error).message;
    if (primary === 13 /* FULL */ || extended === 778 /* IOERR_WRITE: a quota or a file size limit */)
      return new DiskFullError({ path: this.path, domain: 'catalog', cause: error });
    if (primary === 5 /* BUSY */)
      return new LockedError({
        domain: 'catalog',
        message: `The ${this.#form.called} ${this.path} stayed locked by another process for ten seconds.`,
        hint: 'Wait for the other command to finish, or stop it, and run this one again.',
        cause: error,
      });
    if (primary === 11 /* CORRUPT */ || primary === 26 /* NOTADB */)
      return new InvalidInputError({
        domain: 'catalog',
        where: this.path,
        message: `The ${this.#form.called} ${this.path} is damaged or is not a Tandem ${this.#form.called} (${detail}).`,
        hint: `Move it away and ${this.#form.makeAgain}; adapters and datasets on disk are not touched by that.`,
        cause: error,
      });
    if (primary === 8 /* READONLY */ || primary === 14 /* CANTOPEN */ || primary === 3 /* PERM */)
      return new InvalidInputError({
        domain: 'catalog',
        where: this.path,
        message: `The ${this.#form.called} ${this.path} cannot be opened for writing (${detail}).`,
        hint: 'Check that its folder exists and that you may write there.',
        cause: error,
      });
    return error;
  }
}
