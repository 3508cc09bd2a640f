import type { Fields } from '../records/template.ts';

/** One connection that can only read, in the words that the source needs of every dialect. */
export interface SqlConnection extends AsyncDisposable {
  /** Names of the columns that a SELECT gives. Asked first: what a dialect must know of their types it learns there. */
  columns(select: string, signal?: AbortSignal): Promise<string[]>;
  /** The rows of a SELECT one after the other, from one state of the database, a few hundred in memory at a time. */
  stream(select: string, signal?: AbortSignal): AsyncIterable<Fields>;
  rows(select: string, values: readonly unknown[], signal?: AbortSignal): Promise<Fields[]>;
  readonly dialect: SqlDialect;
}

export interface SqlDialect {
  /** A name, or one with its schema (`public.articles`), as an identifier. */
  quote(name: string): string;
  /** What stands for the value of this number, from 1, in a statement. */
  placeholder(number: number): string;
  /** An expression's value as text that says all of it, the same on every reading. */
  asText(expression: string): string;
  /**
   * A condition that the column (quoted) has one of these values, given as `asText` writes them, and the values to bind;
   * `from` is the number of the first placeholder.
   */
  isOneOf(column: string, texts: readonly string[], from: number): { sql: string; values: unknown[] };
}

export interface SqlConnectOptions {
  /** With its password, if there is one. */
  url: URL;
  timeoutSeconds: number;
}
