import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { type DecodedText, decodeText, encodingMetadata } from './decode-text.ts';
import type { ParsedBody } from './parsed-body.ts';
import { pipeTable } from './pipe-table.ts';
import { StructuredText } from './structured-text.ts';

/**
 * JSON as Markdown: each object is a section under the path that leads to it (`orders[3].items[0]`) and its name, if it has
 * one; short fields are list items `key: value`, long texts paragraphs of their own, and a list of small objects with the
 * same keys a table.
 */
export function parseJson(bytes: Uint8Array, uri: string, { named }: JsonOptions = {}): ParsedBody {
  const { text, ...decoded } = decodeText(bytes, uri, { named });
  const value = parseValue(text, (cause) => {
    throw notJson(uri, cause);
  });
  return writeBody(value, uri, decoded);
}

/** One JSON value a line: as an array of them. A few lines that are not JSON (a log cut short) are skipped and reported by number. */
export function parseJsonLines(bytes: Uint8Array, uri: string, { named }: JsonOptions = {}): ParsedBody {
  const { text, ...decoded } = decodeText(bytes, uri, { named });
  const bad: { line: number; cause: unknown }[] = [];
  const values = text.split('\n').flatMap((line, index): unknown[] => {
    if (line.trim() === '') return [];
    return [parseValue(line, (cause) => bad.push({ line: index + 1, cause }))].filter(
      (value) => value !== undefined,
    );
  });
  const [first] = bad;
  if (first && bad.length > Math.max(1, 0.01 * values.length)) throw notJson(uri, first.cause, first.line);
  if (first && values.length === 0) throw notJson(uri, first.cause, first.line);
  const body = writeBody(values, uri, decoded);
  if (first) body.metadata = { ...body.metadata, linesNotRead: bad.map(({ line }) => line).join(', ') };
  return body;
}

/** Integers that a double cannot hold (long ids) stay as they are written. */
function parseValue(text: string, fail: (cause: unknown) => void): unknown {
  try {
    if (!/\d{16}/.test(text)) return JSON.parse(text);
    return JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' &&
      context?.source &&
      /^-?\d+$/.test(context.source) &&
      !Number.isSafeInteger(value)
        ? context.source
        : value) as (key: string, value: unknown) => unknown);
  } catch (cause) {
    fail(cause);
    return undefined;
  }
}

function notJson(uri: string, cause: unknown, line?: number): UnreadableDocumentError {
  const reason = cause instanceof RangeError ? 'it is nested too deeply' : (cause as Error).message;
  return new UnreadableDocumentError({
    uri,
    reason: 'damaged',
    message: `${uri} is not JSON${line === undefined ? '' : ` at line ${line}`}: ${reason.replace(/\.$/, '')}.`,
    hint:
      line === undefined
        ? 'Fix it there; if each line is a value of its own, name the file .jsonl.'
        : 'Fix that line; each line must be a whole value.',
    cause,
  });
}

interface JsonOptions {
  /** The encoding that the source names. */
  named?: string | undefined;
}

function writeBody(value: unknown, uri: string, decoded: Omit<DecodedText, 'text'>): ParsedBody {
  const output = new StructuredText();
  writeValue(value, '', 2, output, uri);
  const metadata = encodingMetadata(decoded);
  if (Array.isArray(value)) metadata.records = String(value.length);
  const title = isObject(value) ? nameOf(value) : undefined;
  return { text: output.text, blocks: output.blocks, metadata, title: title ?? '' };
}

type JsonObject = Record<string, unknown>;

/** A text that is longer is a paragraph, not a list item. */
const longText = 200;
/** An object whose fields fit in so many characters is written in its parent's list. */
const smallObject = 160;
const deepest = 60;

function writeValue(value: unknown, path: string, level: number, output: StructuredText, uri: string): void {
  if (level > deepest) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'damaged',
      message: `${uri} is nested more than ${deepest} levels deep, at ${path.slice(0, 80)}.`,
      hint: 'Flatten it, or exclude it from the source.',
    });
  }
  if (Array.isArray(value)) writeArray(value, path, level, output, uri);
  else if (isObject(value)) writeObject(value, path, level, output, uri);
  else writeText(scalar(value), '', output);
}

function writeArray(
  values: unknown[],
  path: string,
  level: number,
  output: StructuredText,
  uri: string,
): void {
  const table = tableOf(values);
  if (table) {
    output.add('table', table);
    return;
  }
  let items: string[] = [];
  const flush = () => {
    output.add('list', items.map((item) => `- ${item}`).join('\n'));
    items = [];
  };
  for (const [index, value] of values.entries()) {
    const short = inline(value);
    // Records are sections, however short: each is about something of its own.
    if (short !== undefined && !(isObject(value) && level === 2)) {
      if (short !== '') items.push(short);
      continue;
    }
    flush();
    const place = `${path}[${index}]`;
    const name = isObject(value) ? nameOf(value) : undefined;
    heading(name === undefined ? place : `${place} ${name}`, level, output);
    writeValue(value, place, level + 1, output, uri);
  }
  flush();
}

function writeObject(
  object: JsonObject,
  path: string,
  level: number,
  output: StructuredText,
  uri: string,
): void {
  let items: string[] = [];
  const flush = () => {
    output.add('list', items.map((item) => `- ${item}`).join('\n'));
    items = [];
  };
  const below: [string, unknown][] = [];
  for (const [key, value] of Object.entries(object)) {
    const short = inline(value);
    if (short === '') continue;
    if (short !== undefined) items.push(`${key}: ${short}`);
    else if (typeof value === 'string') {
      flush();
      writeText(value, key, output);
    } else below.push([key, value]);
  }
  flush();
  // Fields with a heading of their own come last: fields after them would seem to belong to that heading.
  for (const [key, value] of below) {
    const place = path === '' ? key : `${path}.${key}`;
    const name = isObject(value) ? nameOf(value) : undefined;
    heading(name === undefined ? place : `${place} ${name}`, level, output);
    writeValue(value, place, level + 1, output, uri);
  }
}

function heading(words: string, level: number, output: StructuredText): void {
  const depth = Math.min(level, 6);
  output.add('heading', `${'#'.repeat(depth)} ${words.replace(/\s+/g, ' ').slice(0, 300)}`, { level: depth });
}

function writeText(text: string, key: string, output: StructuredText): void {
  for (const [part, paragraph] of text.split(/\n\s*\n/).entries())
    output.add('paragraph', part === 0 && key !== '' ? `${key}: ${paragraph}` : paragraph);
}

/** A value that goes into one line; undefined for what needs lines of its own. */
function inline(value: unknown): string | undefined {
  if (!isObject(value) && !Array.isArray(value)) {
    const text = scalar(value);
    return text.length <= longText && !text.trim().includes('\n') ? text.trim() : undefined;
  }
  const parts = Array.isArray(value) ? value.map((item) => ['', item] as const) : Object.entries(value);
  let text = '';
  for (const [key, part] of parts) {
    if (isObject(part) || (Array.isArray(part) && part.some((item) => typeof item === 'object')))
      return undefined;
    const words = Array.isArray(part) ? part.map(scalar).join(', ') : scalar(part).trim();
    if (words === '') continue;
    text += `${text === '' ? '' : Array.isArray(value) ? ', ' : '; '}${key === '' ? '' : `${key} `}${words}`;
    if (text.length > smallObject || text.includes('\n')) return undefined;
  }
  return text;
}

function scalar(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** Three or more flat objects with the same keys and short values. */
function tableOf(values: unknown[]): string | undefined {
  if (values.length < 3 || !values.every(isObject)) return undefined;
  const keys = [...new Set(values.slice(0, 50).flatMap((value) => Object.keys(value)))];
  if (keys.length < 2 || keys.length > 12) return undefined;
  const rows: string[][] = [];
  for (const value of values) {
    const own = Object.keys(value);
    if (own.length < keys.length / 2 || own.some((key) => !keys.includes(key))) return undefined;
    const row = keys.map((key) =>
      isObject(value[key]) || Array.isArray(value[key]) ? undefined : scalar(value[key]),
    );
    if (row.some((cell) => cell === undefined || cell.length > 80 || cell.includes('\n'))) return undefined;
    if (row.join('').length > 300) return undefined;
    rows.push(row as string[]);
  }
  return pipeTable([keys, ...rows]);
}

/** What a person would call it. */
function nameOf(object: JsonObject): string | undefined {
  for (const key of ['title', 'name', 'label', 'question', 'subject', 'heading', 'id', 'key']) {
    const value = Object.entries(object).find(([own]) => own.toLowerCase() === key)?.[1];
    const text =
      typeof value === 'string' || typeof value === 'number' ? String(value).replace(/\s+/g, ' ').trim() : '';
    if (text !== '' && text.length <= 150) return text;
  }
  return undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
