import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';

/**
 * Reads a JSON Lines file, each line checked against `schema`. Blank lines are skipped.
 * @throws InvalidInputError naming file and line for what is missing, empty, no JSON, or does not fit.
 */
export async function readJsonl<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>[]> {
  if (!existsSync(path)) {
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      message: `There is no file ${path}.`,
      hint: 'Check the path: those of a config start at its folder, others at the working directory.',
    });
  }
  const items: z.output<Schema>[] = [];
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() === '') continue;
    const where = `${path}:${number}`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new InvalidInputError({
        domain: 'dataset',
        where,
        cause,
        message: `${where} is not valid JSON (${(cause as Error).message}).`,
        hint: 'Each line must be one JSON object; fix or remove that line.',
      });
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      throw new InvalidInputError({
        domain: 'dataset',
        where,
        message: `${where} does not fit: ${describeFault(parsed.error)}.`,
        hint: 'Fix that line and try again.',
      });
    }
    items.push(parsed.data);
  }
  if (items.length === 0) {
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      message: `${path} has no lines.`,
      hint: 'Give a JSON Lines file with one object to a line.',
    });
  }
  return items;
}

/** The first thing wrong, as "`question`: expected string". */
export function describeFault(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.length > 0 ? `\`${issue.path.join('.')}\`` : 'the line'}: ${issue.message}`;
}
