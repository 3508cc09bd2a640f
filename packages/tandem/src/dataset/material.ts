import { resolve } from 'node:path';
import type { GivenFile } from '../core/types/dataset-file.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import type { Glossary, Lines } from '../parts/material.ts';
import { readGlossary } from './glossary.ts';
import { checkLine, emptyFile } from './jsonl.ts';
import { type Form, isOwnForm, readEntries } from './read-file.ts';

/**
 * Lines as a caller may give them: the path of a file, relative to the working directory, with how it is to be read where its content does not say so, or the
 * lines themselves. docs/training.md has the formats.
 */
export type GivenLines<Line = unknown> = string | GivenFile | readonly Line[];
/** A glossary as a caller may give it: the path of a CSV file, relative to the working directory, or its entries. */
export type GivenGlossary = string | readonly GlossaryEntry[];

/**
 * @param called what the lines are, for messages: "questions"
 * @param options.form what a file is read as. Default: questions with answers
 * @param options.directory where a relative path starts
 */
export function linesOf(
  given: GivenLines,
  called: string,
  { form = 'question', directory = process.cwd() }: { form?: Form; directory?: string } = {},
): Lines {
  if (isLines(given)) {
    const readPlaced: Lines['readPlaced'] = async (schema) =>
      given.map((line, at) => {
        const where = `${called}[${at}]`;
        return { value: checkLine(line, where, schema), where };
      });
    return { readPlaced, read: async (schema) => (await readPlaced(schema)).map(({ value }) => value) };
  }
  const { file: path, ...how } = typeof given === 'string' ? { file: given } : given;
  const file = resolve(directory, path);
  const readPlaced: Lines['readPlaced'] = async (schema) => {
    const { entries } = await readEntries({ file, ...how }, form);
    if (entries.length === 0) throw emptyFile(file);
    return entries.map((entry) => {
      if ('fault' in entry) throw entry.fault;
      return { value: checkLine(entry.line, entry.where, schema), where: entry.where };
    });
  };
  return {
    file,
    reading: how,
    isOwnForm: () => isOwnForm({ file, ...how }, form),
    readPlaced,
    read: async (schema) => (await readPlaced(schema)).map(({ value }) => value),
  };
}

/** Type guards of arrays do not know those that cannot be written to. */
const isLines = (given: GivenLines): given is readonly unknown[] => Array.isArray(given);

export function glossaryOf(given: GivenGlossary, directory = process.cwd()): Glossary {
  if (typeof given !== 'string') return { read: async () => given.map((entry) => ({ ...entry })) };
  const file = resolve(directory, given);
  return { file, read: () => readGlossary(file) };
}
