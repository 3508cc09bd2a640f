import { z } from 'zod';
import { escapeRegExp } from '../core/escape-reg-exp.ts';

/** What a project that asks for JSON gets out of a model's reply. */

/** The value at a dotted path of plain JSON; undefined where the path ends early. */
export function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined,
      value,
    );
}

/** Replaces the value at a dotted path that is there. */
export function setAt(value: Record<string, unknown>, path: string, replacement: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  const holder = keys.length > 0 ? valueAt(value, keys.join('.')) : value;
  (holder as Record<string, unknown>)[last] = replacement;
}

/** Sets the value at a dotted path, with the objects on the way to it made where they are not there. */
export function setPath(value: Record<string, unknown>, path: string, given: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = value;
  for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
  at[last] = given;
}

/** Parses a reply that must be one JSON object, alone, that fits the schema; undefined when it is not. Nothing is repaired. */
export function parseObject(raw: string, schema: object): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(raw.trim());
  } catch {
    return undefined;
  }
  const parsed = validator(schema).safeParse(value);
  return parsed.success && typeof value === 'object' && !Array.isArray(value) && value !== null
    ? (value as Record<string, unknown>)
    : undefined;
}

const validators = new WeakMap<object, z.ZodType>();

/** JSON Schema as a zod schema, made once for each schema object. */
function validator(schema: object): z.ZodType {
  let made = validators.get(schema);
  if (!made) {
    made = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
    validators.set(schema, made);
  }
  return made;
}

/** The strings that a schema allows at a dotted path (`enum`), where it lists at least two; undefined elsewhere. */
export function choicesOf(schema: object, path: string): string[] | undefined {
  const field = valueAt(
    schema,
    path
      .split('.')
      .flatMap((key) => ['properties', key])
      .join('.'),
  );
  const values = valueAt(field, 'enum');
  return Array.isArray(values) && values.length > 1 && values.every((value) => typeof value === 'string')
    ? values
    : undefined;
}

/**
 * Where the string value of a (possibly nested) field is in the raw JSON text, its closing quote included: the quote is
 * the token by which a model decides that "exams" is no longer "exams and tests". `[start, end)` in UTF-16 units.
 */
export function stringFieldSpan(raw: string, path: string): { start: number; end: number } | undefined {
  let from = 0;
  const keys = path.split('.');
  for (const [index, key] of keys.entries()) {
    const pattern = new RegExp(`${escapeRegExp(JSON.stringify(key))}\\s*:\\s*`, 'g');
    pattern.lastIndex = from;
    const match = pattern.exec(raw);
    if (!match) return undefined;
    from = match.index + match[0].length;
    if (index < keys.length - 1) continue;
    const value = /^"(?:[^"\\]|\\.)*"/.exec(raw.slice(from));
    return value ? { start: from + 1, end: from + value[0].length } : undefined;
  }
  return undefined;
}

/**
 * Probability that a model gave to a field's value: the product over the tokens that the value is made of (those that
 * begin in its span). Undefined when the field or the tokens are not there.
 */
export function fieldProbability(
  raw: string,
  path: string,
  tokens: readonly { text: string; probability: number }[],
): number | undefined {
  const span = stringFieldSpan(raw, path);
  if (!span || tokens.length === 0) return undefined;
  let offset = 0;
  let probability = 1;
  let counted = 0;
  for (const token of tokens) {
    const end = offset + token.text.length;
    if (end > span.start && offset < span.end) {
      probability *= token.probability;
      counted += 1;
    }
    offset = end;
  }
  return counted > 0 ? probability : undefined;
}
