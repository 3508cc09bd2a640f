import type { ZodType } from 'zod';
import type { Reading } from '../core/types/dataset-file.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';

/** Lines that the team wrote, such as questions with their answers: read when they are needed, each checked against a schema. */
export interface Lines {
  /** The file that holds them, absolute; absent where they were given in memory. */
  readonly file?: string;
  /** Of a file: how it is to be read, where that was said. */
  readonly reading?: Reading;
  /** Of a file: whether it is JSON Lines that hold these lines as they are. */
  isOwnForm?(): Promise<boolean>;
  /** @throws InvalidInputError that names the line and what is wrong with it. */
  read<Line>(schema: ZodType<Line>): Promise<Line[]>;
  /** The same, each with where it stands (`FILE:LINE`, or `cases[0]`), for messages about more than one line's form. */
  readPlaced<Line>(schema: ZodType<Line>): Promise<{ value: Line; where: string }[]>;
}

/** A table of short forms, read when it is needed. */
export interface Glossary {
  /** The CSV file that holds it, absolute; absent where it was given in memory. */
  readonly file?: string;
  read(): Promise<GlossaryEntry[]>;
}

/** What a team brings beside its documents. Each part may be missing. */
export interface Material {
  /** Questions with answers that may be trained on. */
  readonly questions?: Lines;
  /** Questions with answers that are not divided yet: split by group into training, validation and held-out cases. */
  readonly qa?: Lines;
  /** Ready-made chat examples (`Example`), instead of `questions`. */
  readonly examples?: { readonly train: Lines; readonly validation?: Lines };
  /** Held-out cases, never trained on. */
  readonly cases?: Lines;
  /** Taught to the model by `tune`, and a yardstick in `compare`. */
  readonly glossary?: Glossary;
  /** Spelt out in searches. */
  readonly searchGlossary?: Glossary;
}
