import { expect, test } from 'vitest';
import { markdownText } from './markdown-text.ts';

test.for([
  ['Wait a **long** minute, _not_ a ~~short~~ one.', 'Wait a long minute, not a short one.'],
  ['***Warning:*** the lid is __hot__.', 'Warning: the lid is hot.'],
  ['Set `timeout` to ``a`b``.', 'Set timeout to a`b.'],
  ['Files are `**/*.md` and `__init__`.', 'Files are **/*.md and __init__.'],
  [
    'See [the guide](https://example.org/a_(b) "Guide") or <https://example.org>.',
    'See the guide or https://example.org.',
  ],
  ['![The red lamp](lamp.png) It is *red*.', 'The red lamp It is red.'],
  ['Two \\* three, AT&amp;T, H<sub>2</sub>O<br>next', 'Two * three, AT&T, H2O next'],
  ['3 * 4 * 5, snake_case_name, 2 ** 3', '3 * 4 * 5, snake_case_name, 2 ** 3'],
  ['Half of **a pair', 'Half of **a pair'],
  ['## 7. *Dogs* ##\n\nMay come.', '7. Dogs May come.'],
  ['2024. Then it **closed**.', '2024. Then it closed.'],
  ['- **Pears:** 3 €\n- Plums\n\n1) One', '- Pears: 3 € - Plums 1) One'],
  ['> Said by **her**.\n\n---\n\nEnd.', 'Said by her. End.'],
  ['```sh\nls **\n```\nThen *go*.', 'ls ** Then go.'],
  ['<p align="center">\n<b>Lathe</b> makes tables.\n</p>', 'Lathe makes tables.'],
  ['| **Code** | Price |\n|---|---|\n| `A` | 3 |', '| Code | Price | |---|---| | A | 3 |'],
  ['a line\nand the next', 'a line and the next'],
])('%j', ([markdown, text]) => {
  expect(markdownText(markdown!)).toBe(text);
});

test('links whose addresses stand elsewhere in the document', () => {
  const document =
    'See [the guide][g] and [lathe].\n\n[g]: https://example.org\n[lathe]: <https://lathe.example.org>\n';
  expect(markdownText('See [the guide][g] and [lathe].', document)).toBe('See the guide and lathe.');
  expect(markdownText('See [the guide][g] and [lathe].')).toBe('See [the guide][g] and [lathe].');
});
