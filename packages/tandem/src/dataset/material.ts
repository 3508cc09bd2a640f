import { resolve } from 'node:path';
import type { ZodType } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import type { Glossary, Lines } from '../parts/material.ts';
import { readGlossary } from './glossary.ts';
import { describeFault, readJsonl, readPlacedJsonl } from './jsonl.ts';

/** Lines as a caller may give them: the path of a JSONL file, relative to the working directory, or the lines themselves. */
export type GivenLines<Line = unknown> = string | readonly Line[];
/** A glossary as a caller may give it: the path of a CSV file, relative to the working directory, or its entries. */
export type GivenGlossary = string | readonly GlossaryEntry[];

/**
 * @param called what the lines are, for messages: "questions"
 * @param directory where a relative path starts
 */
export function linesOf(given: GivenLines, called: string, directory = process.cwd()): Lines {
  if (typeof given === 'string') {
    const file = resolve(directory, given);
    return {
      file,
      read: (schema) => readJsonl(file, schema),
      readPlaced: (schema) => readPlacedJsonl(file, schema),
    };
  }
  const readPlaced: Lines['readPlaced'] = async (schema) =>
    given.map((line, at) => {
      const where = `${called}[${at}]`;
      return { value: checkLine(line, where, schema), where };
    });
  return { readPlaced, read: async (schema) => (await readPlaced(schema)).map(({ value }) => value) };
}

export function glossaryOf(given: GivenGlossary, directory = process.cwd()): Glossary {
  if (typeof given !== 'string') return { read: async () => given.map((entry) => ({ ...entry })) };
  const file = resolve(directory, given);
  return { file, read: () => readGlossary(file) };
}

function checkLine<Line>(line: unknown, where: string, schema: ZodType<Line>): Line {
  const parsed = schema.safeParse(line);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError({
    domain: 'dataset',
    where,
    message: `${where} does not fit: ${describeFault(parsed.error)}.`,
    hint: 'Give it the form that the docs describe for it.',
  });
}
