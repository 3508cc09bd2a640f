import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markdownOfMdx } from './mdx.ts';
import { parseDocument } from './parse-document.ts';

test('imports, exports and the tags of components go, what is between the tags stays', () => {
  expect(
    markdownOfMdx(`import Tabs from './tabs'

export const meta = {
  order: 3,
}

# Opening hours

The <Term id="gate">gate</Term> opens at {"seven"}{/* summer */}.<Icon name="key" />

<Card title="Winter" href="/winter">From November on at nine.</Card>
`),
  ).toBe(`# Opening hours

The gate opens at seven.

Winter From November on at nine.
`);
});

test('what components hold is set out, its code and lists with it', () => {
  expect(
    markdownOfMdx(`<Tabs items={['npm', 'yarn']}>
  <Tab title="npm">
    Install it:

    \`\`\`sh
    npm install kit
      # <Keep> {this}
    \`\`\`

    - one
      - below one
  </Tab>
  <Tab>

    Or *so*.

  </Tab>
</Tabs>
After.
`),
  ).toBe(`npm

Install it:

\`\`\`sh
npm install kit
  # <Keep> {this}
\`\`\`

- one
  - below one

Or *so*.

After.
`);
});

test('code, HTML and text without any of it stay letter for letter', () => {
  const source = `# \`<Kysely>\` and \`{ a }\`

<h2 align="center">Signs</h2>

    set in

~~~ts
import { a } from 'b'
export const c = <Database>{}
~~~
`;
  expect(markdownOfMdx(source)).toBe(source);
});

test.each([
  ['a comment of HTML', '<!-- hidden -->\n\nText with <Tag>.'],
  ['a bare <', 'If a <b and c, {stop}.\n\nimport duties'],
  ['an expression that never ends', 'Text {a.\n\nMore.'],
  ['an import of no program', 'import duties are paid by the buyer\n'],
])('%s is no MDX, and nothing is lost', (_, source) => {
  expect(markdownOfMdx(source)).toBe(source);
});

test('tags that do not fit each other lose no words', () => {
  expect(markdownOfMdx('<A>\n  one\n</B>\n\n<C>\n\n</A>\ntwo\n')).toMatch(/one[\s\S]*two/);
});

test('the words of any Markdown in any component are all there, in order', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const content: fc.Arbitrary<{ mdx: string[]; words: string[] }> = fc.letrec<{
    node: { mdx: string[]; words: string[] };
  }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.array(word, { minLength: 1 }).map((words) => ({ mdx: [words.join(' '), ''], words })),
      word.map((name) => ({ mdx: ['```js', `const ${name} = <T>{}</T>`, '```', ''], words: [name] })),
      word.map((name) => ({
        mdx: [`- ${name}`, `  - in <Kbd>${name}</Kbd> {1 + 1}`, ''],
        words: [name, name],
      })),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((inner) => ({
        mdx: [
          '<Box size={2}>',
          ...inner.flatMap(({ mdx }) => mdx.map((line) => line && `  ${line}`)),
          '</Box>',
          '',
        ],
        words: inner.flatMap(({ words }) => words),
      })),
    ),
  })).node;
  fc.assert(
    fc.property(content, ({ mdx, words }) => {
      const markdown = markdownOfMdx(mdx.join('\n'));
      expect(markdown).not.toMatch(/<\/?(?:Box|Kbd)/);
      let at = 0;
      for (const each of words) {
        const found = markdown.indexOf(each, at);
        expect(found).toBeGreaterThanOrEqual(at);
        at = found + each.length;
      }
    }),
  );
});

test('a file is read with its front matter, title and headings, and exact blocks', async () => {
  const bytes = new TextEncoder().encode(`---
sidebar_position: 2
---
import Note from './note'

# Keys

<Note>
  ## Lost keys

  Tell the caretaker.
</Note>
`);
  const { title, text, blocks, metadata } = await parseDocument({ uri: 'docs/keys.mdx', bytes });
  expect(title).toBe('Keys');
  expect(metadata).toEqual({ sidebar_position: '2' });
  expect(blocks.map(({ kind, start, end }) => [kind, text.slice(start, end)])).toEqual([
    ['heading', '# Keys'],
    ['heading', '## Lost keys'],
    ['paragraph', 'Tell the caretaker.'],
  ]);
});
