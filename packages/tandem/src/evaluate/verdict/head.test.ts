import { expect, test } from 'vitest';
import { compareGivenArms } from '../compare-given-arms.fixture.ts';
import { summarise } from '../summary.ts';
import { syntheticOptions } from '../synthetic-comparison.fixture.ts';

/** A tuned model, and a head that answers with the intent alone. */
async function compareWithHead(chances: { tuned: number; head: number }, groups: number) {
  const options = syntheticOptions({
    chances: { base: { '*': 0.1 }, tuned: { '*': chances.tuned }, head: { '*': chances.head } },
    references: ['head'],
    groups,
  });
  return compareGivenArms({
    ...options,
    arms: options.arms.map((arm) => (arm.name === 'head' ? { ...arm, answersOnly: ['intent'] } : arm)),
  });
}

const reasonOf = ({ verdict }: Awaited<ReturnType<typeof compareWithHead>>) =>
  verdict.reasons.find(({ title }) => title === 'Head')!.text;

test('a head that is as good on its field is said to be enough for it, and is not the choice', async () => {
  const result = await compareWithHead({ tuned: 0.9, head: 0.9 }, 120);
  expect(result.verdict.choice).toBe('tuned');
  expect(result.verdict.headline).toContain(
    'If “Intent right” is all that you need, train a head, not a model (Intent right: head ',
  );
  expect(reasonOf(result)).toMatch(
    /against tuned \(95 % interval .*\): it is not shown to be worse, and a loss of 10 points is ruled out\./,
  );
  expect(reasonOf(result)).not.toContain('against base');
  // Nothing is said of its whole answer, and no other field is measured.
  const measured = result.slices[0]!.arms.filter(({ arm }) => arm === 'head').map(({ metric }) => metric);
  expect(measured.toSorted()).toEqual([
    'completion-tokens',
    'confidence',
    'confidence-brier',
    'confidence-ece',
    'field:intent',
    'latency',
    'latency-p95',
    'prompt-tokens',
  ]);
  expect(summarise(result)).toContain('[head]');
});

test('a head that is worse is said to be so', async () => {
  const result = await compareWithHead({ tuned: 0.97, head: 0.3 }, 120);
  expect(result.verdict.headline).not.toContain('train a head');
  expect(reasonOf(result)).toMatch(/: it is worse than tuned\./);
  expect(reasonOf(result)).not.toContain('train a head');
});

test('of a few cases "not shown to be worse" is no advice', async () => {
  const result = await compareWithHead({ tuned: 0.9, head: 0.7 }, 5);
  expect(reasonOf(result)).toContain('these cases cannot rule out a loss of 10 points');
  expect(result.verdict.headline).not.toContain('train a head');
});
