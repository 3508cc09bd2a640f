import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Passage } from '../core/types/document.ts';
import { overlapVerifier } from '../verify/overlap-verifier.ts';
import type { Verifier } from '../verify/verifier.ts';
import { checkClaims } from './check-claims.ts';
import { mapCitations } from './citations.ts';

const fees = passage(
  'fees',
  'A berth of up to 9 metres costs 24 euros a night. Longer boats pay 3 euros a metre.',
);
const hours = passage('hours', 'The harbour office opens at eight. It closes at noon on Sundays.', 40);
const passages = [fees, hours];

const verifier = overlapVerifier();
const check = (text: string, by: Verifier | undefined = verifier, among = passages) =>
  checkClaims(text, { passages: among, citations: mapCitations(text, among).citations, verifier: by });

test('each claim has the sentence that bears it out, wherever the marker points', async () => {
  const { claims, citations } = await check(
    'A berth of up to 9 metres costs 24 euros a night. [1] The harbour office opens at eight. [1]',
  );
  expect(claims).toMatchObject([
    {
      verdict: 'supported',
      verifier: 'word overlap',
      spans: [{ marker: 1, documentId: 'fees', start: 0, end: 49 }],
    },
    { verdict: 'supported', spans: [{ marker: 2, documentId: 'hours', start: 40, end: 74 }] },
  ]);
  expect(citations.map(({ verdict }) => verdict?.label)).toEqual(['supported', 'not found']);
});

test('what no passage says is not found, and has no span', async () => {
  const { claims, citations } = await check('A berth of up to 9 metres costs 57 euros a night. [1]');
  expect(claims).toMatchObject([{ verdict: 'not found', spans: [] }]);
  expect(citations).toMatchObject([{ verdict: { label: 'not found' } }]);
});

test('two passages that one sentence cites bear it out together; two that it does not cite, do not', async () => {
  const both = 'A berth of up to 9 metres costs 24 euros a night when the harbour office opens at eight.';
  const together = await check(`${both} [1][2]`);
  expect(together.claims).toMatchObject([{ verdict: 'supported', spans: [{ marker: 1 }, { marker: 2 }] }]);
  const { claims } = await check(`${both} [1]`);
  expect(claims[0]!.spans.every(({ marker }) => marker === claims[0]!.spans[0]!.marker)).toBe(true);
});

test('headings say what a sentence is about, and bear nothing out by themselves', async () => {
  const delivery = {
    ...passage('delivery', 'It takes three working days.'),
    headingPath: ['Delivery to Portugal'],
  };
  const asked = await check('Delivery to Portugal takes three working days. [1]', verifier, [delivery]);
  expect(asked.claims).toMatchObject([
    { verdict: 'supported', spans: [{ quote: 'It takes three working days.' }] },
  ]);
  const heading = await check('Delivery to Portugal. [1]', verifier, [delivery]);
  expect(heading.claims).toMatchObject([{ verdict: 'not found', spans: [] }]);
});

test('without a verifier nothing is supported', async () => {
  const { claims, citations } = await checkClaims('Dogs are welcome. [1]', { passages, citations: [] });
  expect(claims).toEqual([
    { text: 'Dogs are welcome.', sentence: 'Dogs are welcome.', verdict: 'not checked', spans: [] },
  ]);
  expect(citations).toEqual([]);
});

test('without a passage nothing is found', async () => {
  const { claims } = await check('Dogs are welcome.', verifier, []);
  expect(claims).toMatchObject([{ verdict: 'not found', probability: 0, spans: [] }]);
});

test('a verifier that leaves a claim out is told so', async () => {
  await expect(check('Dogs are welcome. [1]', { name: 'half', verify: async () => [] })).rejects.toThrow(
    'The verifier half gave 0 verdicts for 2 claims.',
  );
});

test('spans are words of the document, and a verdict of support has one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.constantFrom(
          ...'The office opens at eight. A berth, and the boats; [1] [2] [99] 24 euros\n- “'.split(' '),
        ),
      ),
      async (words) => {
        const text = words.join(' ');
        const { claims } = await check(text);
        for (const { verdict, spans, text: claim, sentence } of claims) {
          expect(sentence).toContain(claim);
          expect(spans.length > 0).toBe(verdict === 'supported');
          for (const { marker, start, end, quote } of spans) {
            const from = passages[marker - 1]!;
            expect(from.text.slice(start - from.start, end - from.start)).toBe(quote);
          }
        }
      },
    ),
    { seed: 1 },
  );
});

function passage(documentId: string, text: string, start = 0): Passage {
  return {
    id: `${documentId}#0`,
    documentId,
    uri: `${documentId}.md`,
    title: documentId,
    text,
    start,
    end: start + text.length,
    headingPath: [],
    tokens: 20,
    rank: 1,
    score: 1,
    scores: {},
  } as unknown as Passage;
}

test('a costly verifier reads each claim once, and once more in what is cited where the first does not bear it out', async () => {
  const asked: string[] = [];
  const costly = (isSupported: (evidence: string) => boolean): Verifier => ({
    name: 'costly',
    isCostly: true,
    verify: async (claims) =>
      claims.map(({ claim, evidence }) => {
        asked.push(claim);
        const at = evidence.findIndex(isSupported);
        return at < 0
          ? { verdict: 'not found', probability: 0.2, supporting: [] }
          : { verdict: 'supported', probability: 0.9, supporting: [at] };
      }),
  });
  const text = 'A berth of up to 9 metres costs 24 euros a night. [1]';
  const borneOut = await check(
    text,
    costly((sentence) => sentence.includes('24 euros')),
  );
  expect(borneOut.claims).toMatchObject([{ verdict: 'supported', verifier: 'costly' }]);
  expect(asked).toHaveLength(1);
  asked.length = 0;
  const { claims } = await check(
    text,
    costly(() => false),
  );
  expect(claims).toMatchObject([{ verdict: 'not found' }]);
  expect(asked.length).toBeLessThanOrEqual(2);
});
