import fc from 'fast-check';
import { expect, test } from 'vitest';
import { definitionsIn, findAbbreviations, isAbbreviation } from './abbreviations.ts';
import { parseDocument } from './parse-document.ts';

const pairs = (text: string) => findAbbreviations(text).map(({ short, long }) => `${short} = ${long}`);

test('finds "long form (SF)"', () => {
  expect(pairs('Patients with peripheral arterial disease (PAD) need care.')).toEqual([
    'PAD = peripheral arterial disease',
  ]);
  expect(
    pairs(
      'the human immunodeficiency virus (HIV), the Surveillance, Epidemiology, and End Results (SEER) program',
    ),
  ).toEqual(['HIV = human immunodeficiency virus', 'SEER = Surveillance, Epidemiology, and End Results']);
  expect(pairs('Hereditary nonpolyposis colorectal cancer (HNPCC; also Lynch) is inherited.')).toEqual([
    'HNPCC = Hereditary nonpolyposis colorectal cancer',
  ]);
  expect(pairs('Maple syrup urine disease (MSUD, or ketoaciduria)')).toEqual([
    'MSUD = Maple syrup urine disease',
  ]);
});

test('finds "SF (long form)"', () => {
  expect(pairs('An MRI (magnetic resonance imaging) is made.')).toEqual(['MRI = magnetic resonance imaging']);
});

test.each([
  ['a key in ~/.ssh/id_rsa (RSA)', []],
  ['set with --info=skip2 and more (INFO)', []],
  ['the ptmx and the openpty mechanisms that many very old systems fixed (POSIX)', []],
  ['the "real" application (RA)', []],
  ['the rsa-key algorithm (RSA)', []],
  ['some prices, at most totals (SPAMX)', []],
  ['and Referral Center (ADEAR)', []],
  ['takes the record (RCD)', []],
  ['takes extended regular expressions (ERE)', ['ERE = extended regular expressions']],
  ['see www.example.org/files/pdf (PDF)', []],
  ['the Node.js package manager (NPM)', ['NPM = Node.js package manager']],
  ['holds a resource record (RR)', ['RR = resource record']],
  ['the Extensible Markup Language (XML)', ['XML = Extensible Markup Language']],
  ['its linear accelerator (LINAC)', ['LINAC = linear accelerator']],
  ['in mitochondrial DNA (mtDNA)', ['mtDNA = mitochondrial DNA']],
  ['fragile X tremor/ataxia syndrome (FXTAS)', ['FXTAS = fragile X tremor/ataxia syndrome']],
  ['serum aspartate aminotransferase (AST)', ['AST = aspartate aminotransferase']],
  ['has phenylketonuria (PKU)', ['PKU = phenylketonuria']],
  ['called "bent spine syndrome" (BSS)', ['BSS = "bent spine syndrome"']],
  ["has Alzheimer's disease (AD)", ["AD = Alzheimer's disease"]],
  ['a positron-emission tomography (PET)', ['PET = positron-emission tomography']],
])('what reads like no name is no long form: %s', (text, found) => {
  expect(pairs(text)).toEqual(found);
});

test('says where the short form stands', () => {
  const text = 'A magnetic resonance imaging (MRI) scan.';
  const [pair] = findAbbreviations(text);
  expect(text.slice(pair!.offset, pair!.offset + 3)).toBe('MRI');
});

test('leaves other parentheses alone', () => {
  expect(pairs('Signs (see below) and (Figure 2) of it (rarely) in 12 (50%) people (Smith, 1999).')).toEqual(
    [],
  );
  expect(pairs('A lymphoma (HIV) of no relation.')).toEqual([]);
  expect(pairs('It ended there. Disease (PAD) began.')).toEqual([]);
});

test('takes no quadratic time on a text of parentheses', () => {
  // In quadratic time this would take minutes.
  findAbbreviations('word ('.repeat(500_000) + 'AB)'.repeat(500_000));
});

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
