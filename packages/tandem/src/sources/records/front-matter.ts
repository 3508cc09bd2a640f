/**
 * A Markdown document's front matter. There always is one, if an empty one: a record's own text must not be able to write it
 * (an access label, an id).
 */
export function frontMatter(fields: readonly (readonly [name: string, value: string])[]): string {
  // JSON's strings are YAML's double-quoted ones (YAML 1.2 is a superset), whatever is in them.
  const lines = fields.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}\n`);
  return `---\n${lines.join('')}---\n`;
}

/** A title is one line, whatever its field holds. */
export const asTitle = (text: string): string => text.replace(/\s+/g, ' ').trim();
