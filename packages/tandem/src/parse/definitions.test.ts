import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAbbreviation } from '../text/abbreviation-form.ts';
import { definitionsIn } from './definitions.ts';
import { parseDocument } from './parse-document.ts';

const defined = async (text: string) =>
  definitionsIn(
    await parseDocument({
      uri: 'a.md',
      mediaType: 'text/markdown',
      bytes: new TextEncoder().encode(text),
    }),
  ).map(({ abbreviation, longForm }) => `${abbreviation} = ${longForm}`);

test('a document defines abbreviations anywhere in its text, each once', async () => {
  expect(
    await defined(`# Company overview

Our **Business Continuity Plan** (BCP) is reviewed yearly. The business continuity plan (BCP) is short.

## Far below

One paragraph.

Another that says nothing (at all).

A purchase request
form (PRF) must be signed. Service-level agreements (SLAs) are kept.
See [Goods *Received* Note](grn.md) (\`GRN\`).
`),
  ).toEqual([
    'BCP = Business Continuity Plan',
    'PRF = purchase request form',
    'SLA = Service-level agreements',
    'GRN = Goods Received Note',
  ]);
});

test('no definition runs from one item or cell into the next, and none is taken from code', async () => {
  expect(
    await defined(`- Purchase form
- Overview (PO)
- goods received note (GRN)

| plan | place |
|---|---|
| continuity | plan (CP) |
| enterprise resource planning (ERP) | office |

\`\`\`
double data rate (DDR)
\`\`\`
`),
  ).toEqual(['GRN = goods received note', 'ERP = enterprise resource planning']);
});

test('two long forms of one abbreviation are both kept, and a document of hundreds is cut off', async () => {
  expect(await defined('Cystic fibrosis (CF) and cardiac failure (CF).')).toEqual([
    'CF = Cystic fibrosis',
    'CF = cardiac failure',
  ]);
  const many = Array.from({ length: 700 }, (_, i) => {
    const [a, b] = [Math.floor(i / 26), i % 26].map((at) => String.fromCharCode(97 + at));
    return `The ${a}ord ${b}ext (${`${a}${b}`.toUpperCase()}) is here.`;
  });
  expect((await defined(many.join('\n\n'))).length).toBe(300);
});

test('whatever a text is, what it defines is an abbreviation and its long form stands in the text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('Business', 'plan', 'BP', 'Plan', '(BP)', '(BPs)', '**', '\n', '.', '(a plan)', 'b'),
      ),
      (parts) => {
        const text = parts.join(' ');
        for (const { abbreviation, longForm } of definitionsIn({
          text,
          blocks: [{ kind: 'list', start: 0, end: text.length }],
        })) {
          expect(isAbbreviation(abbreviation)).toBe(true);
          expect(text).toContain(longForm.split(' ')[0]);
          expect(longForm).not.toMatch(/\n/);
        }
      },
    ),
  );
});

test('takes no quadratic time on a block of marks', () => {
  for (const mark of ['`', '*', '_', '[', '[a](', '\\', '`` ` ', '** __ ', 'a_', '|(', 'AB (ab', '(AB)']) {
    const text = `${mark.repeat(300_000)} (AB)`;
    definitionsIn({ text, blocks: [{ kind: 'paragraph', start: 0, end: text.length }] });
  }
});
