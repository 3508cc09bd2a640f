import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { escapeRegExp } from '../core/escape-reg-exp.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';

/**
 * Reads a CSV with the columns `abbreviation` and `long_form` (RFC 4180; other columns are ignored).
 * @throws InvalidInputError naming file and line.
 */
export async function readGlossary(path: string): Promise<GlossaryEntry[]> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      cause,
      message: `The glossary ${path} cannot be read.`,
      hint: 'Give a CSV file with the columns abbreviation and long_form.',
    });
  });
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    rows = parse(text, {
      bom: true,
      columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
      skip_empty_lines: true,
      trim: true,
      info: true,
    });
  } catch (cause) {
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      cause,
      message: `The glossary ${path} is not a readable CSV file: ${(cause as Error).message}.`,
      hint: 'Fix that line.',
    });
  }
  return rows.map(({ record, info }) => {
    if (record.abbreviation === undefined || record.long_form === undefined) {
      throw new InvalidInputError({
        domain: 'dataset',
        where: `${path}:1`,
        message: `${path} has no columns named abbreviation and long_form.`,
        hint: 'Name them so in its first line.',
      });
    }
    if (!record.abbreviation || !record.long_form) {
      throw new InvalidInputError({
        domain: 'dataset',
        where: `${path}:${info.lines}`,
        message: `${path}:${info.lines} lacks an abbreviation or its long form.`,
        hint: 'Fix or remove that line.',
      });
    }
    return { abbreviation: record.abbreviation, longForm: record.long_form };
  });
}

/** Replaces each abbreviation that stands as a word of its own: the cheap alternative to teaching a model the jargon. */
export function spellOut(text: string, glossary: readonly GlossaryEntry[]): string {
  if (glossary.length === 0) return text;
  const forms = new Map(glossary.map(({ abbreviation, longForm }) => [abbreviation, longForm]));
  const alternatives = [...forms.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
  return text.replace(
    new RegExp(`(?<![\\p{L}\\p{N}-])(?:${alternatives.join('|')})(?![\\p{L}\\p{N}-])`, 'gu'),
    (form) => forms.get(form) ?? form,
  );
}
