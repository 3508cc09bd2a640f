import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';

export type Fields = Record<string, unknown>;

export interface Template {
  /** Names that it reads at the top, for telling a misspelt one before the first row is rendered. */
  readonly names: ReadonlySet<string>;
  render(fields: Fields): string;
}

type Part = { text: string } | { value: string[] } | { section: string[]; inverted: boolean; parts: Part[] };

/**
 * A small Mustache for Markdown, so nothing is escaped: `{{name}}`, `{{a.b}}`, `{{.}}`; `{{#name}}…{{/name}}` for each
 * member of a list, inside an object, or once where there is a value; `{{^name}}…{{/name}}` where there is none;
 * `{{! a remark }}`. A section's tag alone on its line takes the line with it. Absent values are nothing.
 *
 * @throws InvalidInputError naming the config key `where`, with the line of the mistake
 */
export function compileTemplate(source: string, where: string): Template {
  const wrong = (position: number, message: string) =>
    new InvalidInputError({
      domain: 'sources',
      where,
      message: `The template in \`${where}\` is wrong at line ${source.slice(0, position).split('\n').length}: ${message}.`,
      hint: 'Sections are written {{#name}}…{{/name}}, values {{name}}.',
    });

  const root: Part[] = [];
  const open: { name: string; position: number; parts: Part[] }[] = [];
  let parts = root;
  let position = 0;
  for (const match of source.matchAll(/\{\{([#^/!]?)([\s\S]*?)\}\}/g)) {
    const [whole, kind, body] = match as unknown as [string, string, string];
    let start = match.index;
    let end = start + whole.length;
    if (kind !== '') {
      // Alone on its line: then the line goes too.
      const before = source.slice(source.lastIndexOf('\n', start - 1) + 1, start);
      const after = /^[ \t]*(?:\r?\n|$)/.exec(source.slice(end));
      if (/^[ \t]*$/.test(before) && after && start - before.length >= position) {
        start -= before.length;
        end += after[0].length;
      }
    }
    if (start > position) parts.push({ text: source.slice(position, start) });
    position = end;
    if (kind === '!') continue;
    const name = body.trim();
    if (!/^(?:\.|[^\s.{}#^/]+(?:\.[^\s.{}]+)*|[^{}.]+)$/.test(name)) {
      throw wrong(match.index, name === '' ? 'a tag names nothing' : `${JSON.stringify(name)} is no name`);
    }
    const path = name === '.' ? [] : name.split('.');
    if (kind === '') parts.push({ value: path });
    else if (kind === '/') {
      const closed = open.pop();
      if (closed?.name !== name) {
        throw wrong(
          match.index,
          closed ? `{{/${name}}} is where {{/${closed.name}}} should be` : `{{/${name}}} closes nothing`,
        );
      }
      parts = open.at(-1)?.parts ?? root;
    } else {
      const section = { section: path, inverted: kind === '^', parts: [] as Part[] };
      parts.push(section);
      open.push({ name, position: match.index, parts: section.parts });
      parts = section.parts;
    }
  }
  const unclosed = open.at(-1);
  if (unclosed) throw wrong(unclosed.position, `{{#${unclosed.name}}} is never closed`);
  if (position < source.length) parts.push({ text: source.slice(position) });

  return {
    names: new Set(root.flatMap(topNames)),
    render: (fields) => renderParts(root, [fields]),
  };
}

function topNames(part: Part): string[] {
  if ('value' in part) return part.value.slice(0, 1);
  // What is inside a section may be a member of it.
  return 'section' in part ? part.section.slice(0, 1) : [];
}

function renderParts(parts: readonly Part[], contexts: readonly unknown[]): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      if ('value' in part) return textOf(lookUp(part.value, contexts));
      const value = lookUp(part.section, contexts);
      // As in mustache.js: zero, which many databases have for false, is no value to a section.
      const isThere = Array.isArray(value) ? value.length > 0 : Boolean(value);
      if (part.inverted) return isThere ? '' : renderParts(part.parts, contexts);
      if (!isThere) return '';
      return (Array.isArray(value) ? value : [value])
        .map((member) => renderParts(part.parts, [...contexts, member]))
        .join('');
    })
    .join('');
}

/** The innermost context that has the first name, then down from there. */
function lookUp(path: readonly string[], contexts: readonly unknown[]): unknown {
  if (path.length === 0) return contexts.at(-1);
  let value = contexts.findLast((context) => memberOf(context, path[0]!) !== undefined);
  for (const name of path) value = memberOf(value, name);
  return value;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? (value as Fields)[name] : undefined;
}

/** A value as text: nothing for null, ISO 8601 for dates, lists with commas, JSON for objects. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  if (typeof value !== 'object') return String(value);
  // What knows how to write itself: an ObjectId, a Decimal128, a UUID.
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
    const text = String(value);
    if (text !== '[object Object]') return text;
  }
  return JSON.stringify(value);
}
