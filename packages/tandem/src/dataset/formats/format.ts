import type { FormatName, Reading } from '../../core/types/dataset-file.ts';

/** An entry of a file, as an object. */
export type Fields = Readonly<Record<string, unknown>>;

/** What an entry became, before it is checked against a schema. */
export interface Converted {
  line: Record<string, unknown>;
  /** What of the entry Tandem has no place for, as messages name it: "the assertion regex". */
  leftOut?: string[];
}

/** What an entry is read with. */
export interface Around {
  columns: NonNullable<Reading['columns']>;
  /** What the file says beside its entries and for all of them. */
  file: Fields;
}

/** One way to write questions or conversations: how it is recognised, and what its entries are in Tandem's own form. */
export interface DatasetFormat {
  name: FormatName;
  /** For messages: "a ShareGPT conversation". */
  title: string;
  /** Whether an entry is of this format, by the names of its members. */
  recognises(entry: Fields, around: Around): boolean;
  /**
   * The questions that an entry asks, as lines of `dataset.questions` and of cases; several where it stands for several. Absent where the format has none.
   * @throws Unfit saying what is missing
   */
  toQuestions?(entry: Fields, around: Around): Converted[];
  /** The conversation that it is, in OpenAI's form. Absent where the format has none. @throws Unfit */
  toExample?(entry: Fields, around: Around): Converted;
}

/** Why an entry is not what its format says; the reader adds where it stands. */
export class Unfit extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** A member that must be a text. @throws Unfit */
export function textIn(entry: Fields, name: string): string {
  const value = entry[name];
  if (typeof value === 'string') return value;
  throw new Unfit(value === undefined ? `it has no \`${name}\`` : `\`${name}\` is not a text`);
}
