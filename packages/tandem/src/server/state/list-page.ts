import type { SQLInputValue } from 'node:sqlite';
import type { Database } from '../../catalog/sqlite/database.ts';
import { ApiError } from '../http/api-error.ts';

/** Which part of a list is asked for: `limit` rows after the one with the id `after`, or the last ones before `before`. */
export interface PageRequest {
  limit: number;
  order: 'asc' | 'desc';
  after?: string | undefined;
  before?: string | undefined;
}

/** A part of a list. */
export interface Page<Row> {
  rows: Row[];
  hasMore: boolean;
}

/** A table whose rows are listed in the order in which they were made, with the conditions that rows must meet. */
export interface Listed {
  /** What stands after FROM. */
  from: string;
  /** What stands after SELECT. Default: everything. */
  select?: string;
  /** The column of the place in the list, and that of the id that clients know. */
  seq: string;
  id: string;
  where: string;
  values: readonly SQLInputValue[];
}

/**
 * A part of a list, the newest first unless asked otherwise.
 * @throws ApiError 404 for a cursor that is not in the list
 */
export function pageOf<Row>(
  database: Database,
  { from, select = '*', seq, id, where, values }: Listed,
  { limit, order, after, before }: PageRequest,
): Page<Row> {
  const placeOf = (cursor: string, param: string): number => {
    const found = database.get<{ place: number }>(
      `SELECT ${seq} AS place FROM ${from} WHERE ${where} AND ${id} = ?`,
      ...values,
      cursor,
    );
    if (found) return found.place;
    throw new ApiError(404, `"${param}" is ${cursor}, which is not in this list.`, { param });
  };
  const [later, earlier] = order === 'asc' ? ['>', '<'] : ['<', '>'];
  const conditions = [where];
  const bound = [...values];
  if (after !== undefined) {
    conditions.push(`${seq} ${later} ?`);
    bound.push(placeOf(after, 'after'));
  }
  if (before !== undefined) {
    conditions.push(`${seq} ${earlier} ?`);
    bound.push(placeOf(before, 'before'));
  }
  // What stands before a row is read from that row on, backwards.
  const backwards = before !== undefined && after === undefined;
  const direction = (order === 'asc') === backwards ? 'DESC' : 'ASC';
  const rows = database.all<Row>(
    `SELECT ${select} FROM ${from} WHERE ${conditions.join(' AND ')} ORDER BY ${seq} ${direction} LIMIT ?`,
    ...bound,
    limit + 1,
  );
  const shown = rows.slice(0, limit);
  return { rows: backwards ? shown.reverse() : shown, hasMore: rows.length > limit };
}
