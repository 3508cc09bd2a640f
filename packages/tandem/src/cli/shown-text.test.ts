import { expect, test } from 'vitest';
import type { IndexedDocument } from '../catalog/catalog.ts';
import { parseDocument } from '../parse/parse-document.ts';
import { textShownOf } from './shown-text.ts';

const markdown = `# The lathe

Set **retries** to \`5\`, see [the guide][g].

\`\`\`sh
ls **/*.md && echo __init__
\`\`\`

| Option | Default |
|---|---|
| \`wait\` | **3** |

[g]: https://example.org
`;

async function shown(uri: string, said: string, as?: string): Promise<string> {
  const document = await parseDocument({ uri, bytes: new TextEncoder().encode(markdown) });
  const start = document.text.indexOf(said);
  const show = await textShownOf([{ documentId: 'lathe', start: 0, end: 0 }], {
    getMany: async () => new Map([['lathe', document as IndexedDocument]]),
  });
  return show({ documentId: 'lathe', start, end: start + said.length }, as);
}

test('Markdown is shown without its marks; code as it is, without its fences', async () => {
  expect(await shown('lathe.md', 'Set **retries** to `5`, see [the guide][g].')).toBe(
    'Set retries to 5, see the guide.',
  );
  expect(await shown('lathe.md', 'ls **/*.md && echo __init__')).toBe('ls **/*.md && echo __init__');
  const all = await shown('lathe.md', markdown.trim());
  expect(all).toMatch(
    /^The lathe Set retries .* ls \*\*\/\*\.md && echo __init__ \| Option .* \| wait \| 3 \|$/,
  );
});

test('what is said of a span in other words', async () => {
  const said = 'Option: `wait`; Default: **3**';
  expect(await shown('lathe.md', '| `wait` | **3** |', said)).toBe('Option: wait; Default: 3');
});

test('marks in a plain text are its own characters', async () => {
  expect(await shown('lathe.txt', 'Set **retries** to `5`')).toBe('Set **retries** to `5`');
});
