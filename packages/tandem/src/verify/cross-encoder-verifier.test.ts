import { TextTooLongError } from '@tandem/nn';
import { expect, test } from 'vitest';
import { type ClaimScorer, crossEncoderVerifier } from './cross-encoder-verifier.ts';
import { expectVerifierLaws } from './verifier-laws.fixture.ts';

/** Gives each text the same share, and keeps what it was asked. */
function scripted(share: number) {
  const asked: { claim: string; texts: readonly string[] }[] = [];
  const scorer: ClaimScorer = {
    async score(claim, texts) {
      asked.push({ claim, texts });
      return texts.map(() => share);
    },
  };
  return { asked, scorer };
}

const judge = async (scorer: ClaimScorer, claim: string, evidence: string[]) =>
  (await crossEncoderVerifier(scorer).verify([{ claim, evidence }]))[0]!;

const page = [
  'The harbour office opens at eight.',
  'A berth for a boat of up to 9 metres costs 24 euros a night.',
  'Longer boats pay 3 euros for each further metre.',
  'Dogs are welcome on the pier, but not on the beach.',
  'The museum is closed on Mondays.',
];
const claim = 'A berth for a boat of up to 9 metres costs 24 euros.';
/** Of which words leave open whether the page bears it out. */
const reworded = 'Whoever arrives late at the harbour finds the office open.';

test('of two claims with the same words the one that the model finds supported is more probable', async () => {
  const [high, low] = [
    await judge(scripted(1).scorer, reworded, page),
    await judge(scripted(0).scorer, reworded, page),
  ];
  expect(high).toMatchObject({ verdict: 'supported', supporting: [0] });
  expect(low).toMatchObject({ verdict: 'not found', supporting: [] });
  expect(high.probability).toBeGreaterThan(low.probability);
});

test('a number that no sentence gives rules support out, whatever the model says', async () => {
  const other = 'A berth for a boat of up to 9 metres costs 57 euros.';
  expect(await judge(scripted(1).scorer, other, page)).toMatchObject({
    verdict: 'not found',
    supporting: [],
  });
});

test('the model reads at most two texts of at most four sentences, chosen by words', async () => {
  const { asked, scorer } = scripted(0.5);
  await judge(scorer, reworded, page);
  await judge(scorer, reworded, page.slice(0, 2));
  expect(asked[0]!.texts).toEqual([page[0], expect.stringContaining(page[0]!)]);
  expect(page.filter((sentence) => asked[0]!.texts[1]!.includes(sentence))).toHaveLength(4);
  expect(asked[1]!.texts).toEqual([page[0], page.slice(0, 2).join(' ')]);
});

test('where words decide whatever the model would say, it is not asked', async () => {
  const { asked, scorer } = scripted(0);
  expect(await judge(scorer, claim, page)).toMatchObject({ verdict: 'supported' });
  expect(
    await judge(scripted(1).scorer, 'A berth for a boat of up to 9 metres costs 57 euros.', page),
  ).toMatchObject({ verdict: 'not found' });
  expect(asked).toEqual([]);
});

test('without evidence nothing is asked and nothing is found', async () => {
  const { asked, scorer } = scripted(1);
  for (const evidence of [[], [''], ['  \n']])
    expect(await judge(scorer, claim, evidence)).toEqual({
      verdict: 'not found',
      probability: 0,
      supporting: [],
    });
  expect(asked).toEqual([]);
});

test('a claim that is too long for the model is judged by its words alone', async () => {
  const refusing: ClaimScorer = {
    score: async () => {
      throw new TextTooLongError({ index: 0, tokens: 600, maxTokens: 512 });
    },
  };
  const long = `${'The harbour office opens at eight. '.repeat(60)}`;
  for (const [scorer, text] of [
    [refusing, page[0]!],
    [scripted(0).scorer, long],
  ] as const)
    expect(await judge(scorer, text, page)).toMatchObject({ verdict: 'supported' });
  const broken: ClaimScorer = {
    score: async () => {
      throw new Error('disposed');
    },
  };
  await expect(judge(broken, reworded, page)).rejects.toThrow('disposed');
});

test('whatever the texts, there is one verdict a claim with a probability, and only supported has places', async () => {
  await expectVerifierLaws((share) => crossEncoderVerifier(scripted(share).scorer));
});

test('it stops when it is told to, also in the middle of a claim', async () => {
  const stopped = { code: 'interrupted', message: expect.stringContaining('after 0 of 1 claims') };
  const verify = (scorer: ClaimScorer, signal: AbortSignal) =>
    crossEncoderVerifier(scorer).verify([{ claim: reworded, evidence: page }], { signal });
  await expect(verify(scripted(1).scorer, AbortSignal.abort())).rejects.toMatchObject(stopped);
  const controller = new AbortController();
  const aborted: ClaimScorer = {
    score: async (_claim, _texts, { signal } = {}) => {
      controller.abort();
      signal?.throwIfAborted();
      return [];
    },
  };
  await expect(verify(aborted, controller.signal)).rejects.toMatchObject(stopped);
});
