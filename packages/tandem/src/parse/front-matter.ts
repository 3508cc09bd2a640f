import { parseDocument as parseYaml } from 'yaml';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';

export interface FrontMatter {
  /** Every field but the aliases; lists and maps as JSON. */
  fields: Record<string, string>;
  /** Field `aliases`, as a list. */
  aliases: string[];
  /** What is below it; the whole file where there is none. */
  body: string;
}

/** YAML front matter, and the text below it. Throws `UnreadableDocumentError` where it is damaged. */
export function splitFrontMatter(source: string, uri: string): FrontMatter {
  // After a rule comes an empty line, in front matter a field (as in Pandoc).
  const match = /^---[ \t]*\n(?![ \t]*\n)(?:([\s\S]*?)\n)??(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(source);
  const nothing: FrontMatter = { fields: {}, aliases: [], body: source };
  if (!match) return nothing;
  // `failsafe` leaves every scalar the string it is written as: ids keep their leading zeros, dates their form.
  const yaml = parseYaml(match[1] ?? '', { schema: 'failsafe', uniqueKeys: true });
  const [error] = yaml.errors;
  if (error) {
    // A document may simply begin with a rule; it is front matter only if its first line is a field.
    if (!/^[\w-]+[ \t]*:/.test(match[1] ?? '')) return nothing;
    const line = (error.linePos?.[0].line ?? 1) + 1;
    throw new UnreadableDocumentError({
      uri,
      reason: 'front matter',
      message: `The front matter of ${uri} is not valid YAML at line ${line}: ${error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')}.`,
      hint: 'Fix that line: values that contain a colon or begin with a special character need quotes.',
      cause: error,
    });
  }
  let data: unknown;
  try {
    data = yaml.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    if (!/^[\w-]+[ \t]*:/.test(match[1] ?? '')) return nothing;
    throw new UnreadableDocumentError({
      uri,
      reason: 'front matter',
      message: `The front matter of ${uri} refers to its own values too often to be read.`,
      hint: 'Write the values out instead of using YAML anchors.',
      cause,
    });
  }
  const body = source.slice(match[0].length);
  if (data === null) return { ...nothing, body };
  if (typeof data !== 'object' || Array.isArray(data)) return nothing;
  const fields: Record<string, string> = {};
  let aliases: string[] = [];
  for (const [key, value] of Object.entries(data)) {
    if (/^(aliases|alias|also[_ -]?called)$/i.test(key)) aliases = aliases.concat(namesIn(value));
    else fields[key] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return { fields, aliases, body };
}

function namesIn(value: unknown): string[] {
  const names = Array.isArray(value) ? value : typeof value === 'string' ? value.split(';') : [];
  return names
    .filter((name): name is string => typeof name === 'string')
    .map((name) => name.trim())
    .filter(Boolean);
}
