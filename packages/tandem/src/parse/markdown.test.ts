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

test('a comment is not a block, what follows it is', () => {
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

test('what stands below a list after a blank line, set in less than its items, is no part of it', () => {
  expect(blocksOf('   1. One.\n\n      More of one.\n\n   END OF TERMS\n\n   APPENDIX: how to.\n')).toEqual([
    'list: 1. One.\n\n      More of one.',
    'paragraph: END OF TERMS',
    'paragraph: APPENDIX: how to.',
  ]);
});

test('a quotation is a paragraph, with the line above it; a rule below it makes no heading of it', () => {
  expect(blocksOf('Colours:\n> red\n> ## blue\n>\n> - green\n---\n> one\n\n> two\nlazy')).toEqual([
    'paragraph: Colours:\n> red\n> ## blue\n>\n> - green',
    'paragraph: > one',
    'paragraph: > two\nlazy',
  ]);
});

test('texts taken from web pages: other marks and white space, and items that lost their words to the next line', () => {
  expect(
    blocksOf('Tests:\n• blood\n• skin\n\u00a0\nOne.\n\u00a0\n \tNext.\n\n6.\nHow do I pay?\n\nIn the app.'),
  ).toEqual([
    'paragraph: Tests:',
    'list: • blood\n• skin',
    'paragraph: One.',
    'paragraph: Next.',
    'list: 6.\nHow do I pay?',
    'paragraph: In the app.',
  ]);
  expect(blocksOf('-\nWash all.\nOR\n-\nThrow it away.\n\nOne\n-\n')).toEqual([
    'list: -\nWash all.\nOR\n-\nThrow it away.',
    'paragraph: One\n-',
  ]);
  expect(blocksOf('One\n-\n')).toEqual(['heading2: One\n-']);
});

test('HTML that is never closed hides nothing, a comment in or below other HTML is no block', () => {
  expect(blocksOf('<pre>\n\n# One\n\n<? two\n\n# Three\n')).toEqual([
    'paragraph: <pre>',
    'heading1: # One',
    'paragraph: <? two',
    'heading1: # Three',
  ]);
  expect(blocksOf('- one\n<!-- end -->\n\n<div>\n<!-- a\n\n# b --> c\n</div>\nd')).toEqual([
    'list: - one',
    'paragraph: <div>',
    'paragraph: c',
    'paragraph: </div>\nd',
  ]);
  expect(blocksOf('<pre>\n\n# code\n\n</pre>\n# One')).toEqual([
    'paragraph: <pre>\n\n# code\n\n</pre>',
    'heading1: # One',
  ]);
});

test('what is nested too deeply is words of what it stands in, and read in time', () => {
  const started = process.cpuUsage();
  const lazy = `${'>'.repeat(95)} a\n${'b\n'.repeat(20_000)}\n# One`;
  expect(blocksOf(lazy).at(-1)).toBe('heading1: # One');
  const deep = `${Array.from({ length: 60 }, (_, level) => `${'  '.repeat(level)}- ${level}`).join('\n')}\n\n# One`;
  expect(blocksOf(deep).map((block) => block.slice(0, 10))).toEqual(['list: - 0\n', 'heading1: ']);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(5);
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
    ...['<h1>', '</h1>', '<div>', '<!--', '-->', '<pre>', '</pre>', '<?', '• ', '\u00a0', ' \t'],
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
