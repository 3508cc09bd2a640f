import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { sha256 } from '../../core/hash.ts';
import { asTitle, frontMatter } from './front-matter.ts';
import { compileTemplate, type Fields, textOf } from './template.ts';

export interface RecordDocumentOptions {
  /** Markdown; default: all fields. */
  template?: string | undefined;
  title?: string | undefined;
  /** Fields that become metadata. */
  metadata?: readonly string[];
  /** Of the default template: fields that only serve the source (key, change mark, access label). */
  omit?: readonly string[];
  /** The config key, for messages: `sources.2`. */
  where: string;
}

/** How a record (a row, an item, a stored document) is written as a Markdown document. */
export interface RecordDocument {
  /** UTF-8 Markdown with front matter. Equal records give equal bytes. */
  render(fields: Fields): Uint8Array;
  /** Throws InvalidInputError for a name in the templates that is no field. */
  checkNames(fields: readonly string[]): void;
}

/** Longer values get a heading of their own in the default template. */
const longValue = 120;

export function recordDocument(options: RecordDocumentOptions): RecordDocument {
  const { where, metadata = [], omit = [] } = options;
  const template =
    options.template === undefined ? undefined : compileTemplate(options.template, `${where}.template`);
  const title = options.title === undefined ? undefined : compileTemplate(options.title, `${where}.title`);
  return {
    render(fields) {
      const heading = title && asTitle(title.render(fields));
      const front: [string, string][] = [];
      if (heading) front.push(['title', heading]);
      for (const name of metadata) {
        const value = textOf(fields[name]);
        if (value !== '') front.push([name, value]);
      }
      const body = template ? template.render(fields) : everyField(fields, omit);
      // A heading carries the title into every chunk; a template that writes its own is left alone.
      const text = heading && !/^\s*#\s/.test(body) ? `# ${heading}\n\n${body}` : body;
      return Buffer.from(`${frontMatter(front)}${text.replace(/\r\n?/g, '\n').trim()}\n`);
    },
    checkNames(fields) {
      for (const [key, names] of [
        ['template', template?.names ?? []],
        ['title', title?.names ?? []],
        ['metadata', metadata],
      ] as const) {
        for (const name of names) {
          if (fields.includes(name)) continue;
          throw new InvalidInputError({
            domain: 'sources',
            where: `${where}.${key}`,
            message: `\`${where}.${key}\` names ${name}, which is not there.`,
            hint: `There are: ${fields.join(', ')}.`,
          });
        }
      }
    },
  };
}

/** Marks a record that has no mark of its own: equal bytes, equal mark. */
export const markOfBytes = (bytes: Uint8Array): string => `sha256:${sha256(bytes)}`;

/** Short values as a list, long ones each below its name, so that they are found by it. */
function everyField(fields: Fields, omit: readonly string[]): string {
  const short: string[] = [];
  const long: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (omit.includes(name)) continue;
    const text = textOf(value).trim();
    if (text === '') continue;
    if (text.length <= longValue && !text.includes('\n')) short.push(`- ${name}: ${text}`);
    else long.push(`## ${name}\n\n${text}`);
  }
  return [short.join('\n'), ...long].filter(Boolean).join('\n\n');
}
