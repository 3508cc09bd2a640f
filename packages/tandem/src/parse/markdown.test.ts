import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headingText, markdownBlocks } from './markdown.ts';

const blocksOf = (text: string) =>
  markdownBlocks(text).map(
    ({ kind, level, start, end }) => `${kind}${level ?? ''}: ${text.slice(start, end)}`,
  );

for (const fence of ['```', '~~~'])
  test(`a block fenced with ${fence} in an item of a list does not turn what follows into code`, () => {
    expect(
      blocksOf(`# Deploy

1. Stop the service:

   ${fence}sh
   # as root

   systemctl stop shop
   ${fence}

2. Start it again.

## Rollback

Call Ines first.
`),
    ).toEqual([
      'heading1: # Deploy',
      'list: 1. Stop the service:',
      `code: ${fence}sh\n   # as root\n\n   systemctl stop shop\n   ${fence}`,
      'list: 2. Start it again.',
      'heading2: ## Rollback',
      'paragraph: Call Ines first.',
    ]);
  });

test('fences deep in a list, or never closed, end with their item', () => {
  expect(
    blocksOf(`- One
  - Two:

    ~~~
    # code
    ~~~

    Then wait.
- Three
  \`\`\`
  open

Text.

* ~~~
  # code

  ~~~
* Four
  ~~~
  x
  ~~~
# Beside

# Heading
`),
  ).toEqual([
    'list: - One\n  - Two:',
    'code: ~~~\n    # code\n    ~~~',
    'list: Then wait.\n- Three',
    'code: ```\n  open',
    'paragraph: Text.',
    'code: * ~~~\n  # code\n\n  ~~~',
    'list: * Four',
    'code: ~~~\n  x\n  ~~~',
    'heading1: # Beside',
    'heading1: # Heading',
  ]);
});

test('a heading or a rule in an item is a part of the item, one beside it ends the list', () => {
  expect(blocksOf('- a\n\n  ## in\n  ---\n  b\n## beside\n- c\n***\n- d')).toEqual([
    'list: - a\n\n  ## in\n  ---\n  b',
    'heading2: ## beside',
    'list: - c',
    'list: - d',
  ]);
});

test.each([
  ['# Robots [![NPM](https://img.org/a.svg)](https://npm.org/a) [![CI][i]][l]', 'Robots'],
  ['# ![logo](a.png) Robots', 'Robots'],
  ['# Robots <sup>[![CI][i]][l]</sup> <img src="a.png">', 'Robots'],
  ['# [![Robots](https://img.org/a.svg)](https://npm.org/a)', 'Robots'],
  ['# The [robots](a.md) of ![a picture](b.png "title") *now*', 'The robots of now'],
  ['<h1 align="center">Fancy &amp; <b>Lib</b></h1>', 'Fancy & Lib'],
  ['<h1 align="center">\n  <br>\n  <img width="9" src="a.png" alt="Fancy">\n</h1>', 'Fancy'],
])('what a heading says: %j', (markdown, said) => {
  expect(headingText(markdown)).toBe(said);
});

test('a heading may be written in HTML, below other HTML too; not in code, and not one that says nothing', () => {
  expect(
    blocksOf(`<div align="center">
    <h1>Fancy
    Lib</h1>
  <p>Words</p>
</div>

<h2>Use</h2>
Text.

    <h1>code</h1>

<h2></h2>

<h3>not</h3> only
`),
  ).toEqual([
    'paragraph: <div align="center">',
    'heading1: <h1>Fancy\n    Lib</h1>',
    'paragraph: <p>Words</p>\n</div>',
    'heading2: <h2>Use</h2>',
    'paragraph: Text.',
    'code: <h1>code</h1>',
    'paragraph: <h2></h2>',
    'paragraph: <h3>not</h3> only',
  ]);
});

test('a comment is no block, what stands behind it is', () => {
  expect(
    blocksOf(
      'Text.\n<!-- one\n\n# two\n--> three\n<!---->\n\n<!-- four --> <!-- five -->\n- six\n\n<!-- open\n# seven',
    ),
  ).toEqual([
    'paragraph: Text.',
    'paragraph: three',
    'list: - six',
    'paragraph: <!-- open',
    'heading1: # seven',
  ]);
});

test('property: whatever stands in a text, its blocks are in order, apart, without outer white space, and miss nothing', () => {
  const part = fc.constantFrom(
    ...[
      '- ',
      '1. ',
      '10) ',
      '  ',
      '    ',
      '\t',
      '```',
      '~~~',
      '`',
      '# ',
      '## x',
      '---',
      '===',
      '***',
      '| a | b |',
    ],
    ...['<h1>', '</h1>', '<div>', '<!--', '-->'],
    ...['|---|---|', 'word', ' ', '\n', '\n', '\n\n', '> '],
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      let position = 0;
      for (const { start, end } of markdownBlocks(text)) {
        expect(start).toBeGreaterThanOrEqual(position);
        // Only rules and comments are no block.
        expect(text.slice(position, start).replace(/<!---?>|<!--[\s\S]*?-->/g, '')).toMatch(/^[\s*_-]*$/);
        expect(text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
        position = end;
      }
      expect(text.slice(position).replace(/<!---?>|<!--[\s\S]*?-->/g, '')).toMatch(/^[\s*_-]*$/);
    }),
    { numRuns: 1000 },
  );
});
