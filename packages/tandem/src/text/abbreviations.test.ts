import { expect, test } from 'vitest';
import { findAbbreviations } from './abbreviations.ts';

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

test('says where the short form is', () => {
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
