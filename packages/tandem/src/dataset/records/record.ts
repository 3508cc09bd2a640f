import type { InvalidInputError } from '../../core/errors/invalid-input-error.ts';

/** One entry of a file, as it stands there; or why it cannot be read. */
export type FileRecord = {
  /** `FILE:LINE`, lines counted from 1, where it begins. */
  where: string;
} & (
  | {
      value: unknown;
      /** What the file says beside its entries and for all of them: a config around its tests. */
      around?: Record<string, unknown>;
    }
  | { fault: InvalidInputError }
);

/** The record's value; throws its fault where it has one. */
export function valueIn(record: FileRecord): unknown {
  if ('fault' in record) throw record.fault;
  return record.value;
}
