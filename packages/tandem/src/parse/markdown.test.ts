import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markdownBlocks } from './markdown.ts';

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
    ...['|---|---|', 'word', ' ', '\n', '\n', '\n\n', '> '],
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      let position = 0;
      for (const { start, end } of markdownBlocks(text)) {
        expect(start).toBeGreaterThanOrEqual(position);
        // Only rules are no block.
        expect(text.slice(position, start)).toMatch(/^[\s*_-]*$/);
        expect(text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
        position = end;
      }
      expect(text.slice(position)).toMatch(/^[\s*_-]*$/);
    }),
    { numRuns: 1000 },
  );
});
