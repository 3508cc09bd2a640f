import { createReadStream, existsSync } from 'node:fs';
import type { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type FileRecord, valueIn } from './records/record.ts';

/** A line of a file, or an item of a list, that fits its schema. */
export interface PlacedLine<Line> {
  value: Line;
  /** Where it stands, for messages: `FILE:LINE`, lines counted from 1, or `cases[0]`. */
  where: string;
}

/**
 * Reads a JSON Lines file, each line checked against `schema`. Blank lines are skipped.
 * @throws InvalidInputError naming file and line for what is missing, empty, no JSON, no UTF-8, or does not fit.
 */
export async function readJsonl<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>[]> {
  return (await readPlacedJsonl(path, schema)).map(({ value }) => value);
}

/** The same, each with the place where it stands: blank lines make it another than its place in the list. */
export async function readPlacedJsonl<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<PlacedLine<z.output<Schema>>[]> {
  const items: PlacedLine<z.output<Schema>>[] = [];
  for await (const record of jsonlRecords(path)) {
    const value = valueIn(record);
    items.push({ value: checkLine(value, record.where, schema), where: record.where });
  }
  if (items.length === 0) throw emptyFile(path);
  return items;
}

/** The lines of a JSON Lines file that are not blank, those that cannot be read among them. @throws InvalidInputError where there is no file */
export async function* jsonlRecords(path: string): AsyncGenerator<FileRecord> {
  if (!existsSync(path)) {
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      message: `There is no file ${path}.`,
      hint: 'Check the path: those of a config start at its folder, others at the working directory.',
    });
  }
  let number = 0;
  for await (const { bytes, ended } of linesOfBytes(createReadStream(path))) {
    number += 1;
    const where = `${path}:${number}`;
    try {
      const text = decodeLine(bytes, where);
      const json = number === 1 ? text.replace(/^\uFEFF/, '') : text;
      if (json.trim() !== '') yield { where, value: parseLine(json, where, ended) };
    } catch (error) {
      if (!InvalidInputError.isInstance(error)) throw error;
      yield { where, fault: error };
    }
  }
}

/** @throws InvalidInputError naming the place and the first thing wrong */
export function checkLine<Schema extends z.ZodType>(
  value: unknown,
  where: string,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError({
    domain: 'dataset',
    where,
    message: `${where} does not fit: ${describeFault(parsed.error)}.`,
    hint: 'Fix that line and try again.',
  });
}

export function emptyFile(path: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'dataset',
    where: path,
    message: `${path} has no lines.`,
    hint: 'Give a file with at least one entry.',
  });
}

/** The first thing wrong, as "`question`: expected string". */
export function describeFault(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.length > 0 ? `\`${issue.path.join('.')}\`` : 'the line'}: ${issue.message}`;
}

/**
 * Lines end at LF or CRLF and nowhere else, as the format says (https://jsonlines.org). `node:readline` also ends them at a lone CR, at U+2028
 * and at U+2029, and the last two may stand in a JSON string as they are. In UTF-8 the byte of LF is never a part of another character.
 */
async function* linesOfBytes(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<{ bytes: Buffer; ended: boolean }> {
  // Of a line that is longer than a block, the blocks that have been read: joined once, when it ends.
  let begun: Buffer[] = [];
  for await (const block of stream) {
    let from = 0;
    for (let end = block.indexOf(lineFeed); end >= 0; end = block.indexOf(lineFeed, from)) {
      const bytes = Buffer.concat([...begun, block.subarray(from, end)]);
      begun = [];
      from = end + 1;
      yield { bytes: bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes, ended: true };
    }
    if (from < block.length) begun.push(block.subarray(from));
  }
  if (begun.length > 0) yield { bytes: Buffer.concat(begun), ended: false };
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeLine(bytes: Buffer, where: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new InvalidInputError({
      domain: 'dataset',
      where,
      cause,
      message: `${where} is not text in UTF-8.`,
      hint: 'Save the file as UTF-8 and try again.',
    });
  }
}

function parseLine(json: string, where: string, ended: boolean): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new InvalidInputError({
      domain: 'dataset',
      where,
      cause,
      message: `${where} is not valid JSON${ended ? '' : ', and the file ends there'} (${(cause as Error).message}).`,
      hint: ended
        ? 'Each line must be one JSON object; fix or remove that line.'
        : 'The last line may have been cut off: write the file again, or remove that line.',
    });
  }
}
