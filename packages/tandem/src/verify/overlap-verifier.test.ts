import { expect, test } from 'vitest';
import { overlapVerifier } from './overlap-verifier.ts';
import { expectVerifierLaws } from './verifier-laws.fixture.ts';

const verifier = overlapVerifier();
const judge = async (claim: string, evidence: string[]) => (await verifier.verify([{ claim, evidence }]))[0]!;

const page = [
  'The harbour office opens at eight.',
  'A berth for a boat of up to 9 metres costs 24 euros a night.',
  'Longer boats pay 3 euros for each further metre.',
  'Dogs are welcome on the pier, but not on the beach.',
];

test('a claim that a sentence bears out is supported, and names the sentence', async () => {
  expect(await judge('A berth for a boat of up to 9 metres costs 24 euros a night.', page)).toMatchObject({
    verdict: 'supported',
    supporting: [1],
  });
});

test('a claim with another number, of other things, or with no evidence is not found', async () => {
  for (const claim of [
    'A berth for a boat of up to 9 metres costs 57 euros a night.',
    'The museum shows paintings by Rembrandt.',
  ])
    expect(await judge(claim, page)).toMatchObject({ verdict: 'not found', supporting: [] });
  for (const evidence of [[], [''], ['  \n']])
    expect(await judge('Dogs are welcome.', evidence)).toEqual({
      verdict: 'not found',
      probability: 0,
      supporting: [],
    });
});

test('places are those of the evidence as it was given, blank sentences counted', async () => {
  const { supporting } = await judge('Dogs are welcome on the pier.', ['', ...page]);
  expect(supporting).toEqual([4]);
});

test('whatever the texts, there is one verdict a claim with a probability, and only supported has places', async () => {
  await expectVerifierLaws(() => verifier);
});

test('it stops when it is told to', async () => {
  await expect(
    verifier.verify([{ claim: 'Dogs are welcome.', evidence: page }], { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'interrupted' });
});

test('the same words with another number, day or negation do not bear a claim out', async () => {
  const house = [
    'Pay comes on the 25th of each month.',
    'Everybody has 30 days of leave a year.',
    'Dogs are not allowed on the beach.',
    'Cats are allowed on the pier.',
  ];
  for (const claim of [
    'Pay comes on the 30th of each month.',
    'Everybody has 25 days of leave a year.',
    'Dogs are allowed on the beach.',
    'Cats are not allowed on the pier.',
  ])
    expect(await judge(claim, house), claim).toMatchObject({ verdict: 'not found' });
  for (const claim of house) expect(await judge(claim, house), claim).toMatchObject({ verdict: 'supported' });
});
