import { expect, test } from 'vitest';
import type { Constraints } from '../../core/settings.ts';
import { compareGivenArms } from '../compare-given-arms.fixture.ts';
import type { ComparisonResult } from '../comparison-result.ts';
import type { Means } from '../means.ts';
import { renderReport } from '../report.ts';
import { summarise } from '../summary.ts';
import { type SyntheticOptions, syntheticOptions } from '../synthetic-comparison.fixture.ts';
import { checkConstraints } from './constraints.ts';

const here: Means = {
  chat: { name: 'local:dice', isHere: true },
  embedder: { name: 'local:vectors', isHere: true },
  trainingSeconds: 1800,
  machine: { name: 'a machine', perHour: 0.36, date: '2026-01', source: 'this test' },
};

/** hybrid is best by far, then rag, then tuned. */
const chances = {
  base: { '*': 0.1 },
  rag: { '*': 0.6 },
  tuned: { '*': 0.3 },
  hybrid: { '*': 0.95 },
};

function compared(
  constraints: Constraints | undefined,
  { means = here, ...options }: Partial<SyntheticOptions> & { means?: Means } = {},
): Promise<ComparisonResult> {
  return compareGivenArms({
    ...syntheticOptions({ chances, groups: 30, resamples: 60, kinds: ['plain name'], ...options }),
    ...(constraints && { constraints }),
    means,
  });
}

const held = ({ verdict }: ComparisonResult, constraint: keyof Constraints) =>
  Object.fromEntries(
    verdict.evidence!.filter((each) => each.constraint === constraint).map(({ arm, holds }) => [arm, holds]),
  );

test('without constraints the verdict is what the numbers say, and it is told what would rule the choice out', async () => {
  const { verdict } = await compared(undefined);
  expect(verdict).toMatchObject({ outcome: 'better', choice: 'hybrid', evidence: [] });
  const bare = await compared({}, { chances: { base: { '*': 0.9 }, rag: { '*': 0.1 } } });
  expect(bare.verdict.choice).toBe('base');
  expect(bare.verdict.wouldChange).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^With changesPerMonth it would be another: base reads no sources/),
      expect.stringMatching(/^With mustCite it would be another: base cites in 0 %/),
    ]),
  );
});

test('an arm that breaks a constraint is not chosen though it is best, and what it costs is said', async () => {
  const free = await compared(undefined);
  const p95 = (arm: string) =>
    free.slices[0]!.arms.find((entry) => entry.arm === arm && entry.metric === 'latency-p95')!.value / 1000;
  // Whichever of the two is slower breaks a bound between them.
  const [slow, quick] = p95('rag') > p95('hybrid') ? ['rag', 'hybrid'] : ['hybrid', 'rag'];
  const p95Seconds = (p95(slow!) + p95(quick!)) / 2;
  const result = await compared({ p95Seconds });
  expect(held(result, 'p95Seconds')).toMatchObject({ [slow!]: false, [quick!]: true });
  expect(result.verdict.choice).not.toBe(slow);
  const line = result.verdict.evidence!.find(({ arm }) => arm === slow)!;
  expect(line.measured).toBeCloseTo(p95(slow!), 9);
  expect(line.bound).toBe(p95Seconds);
  expect(line.sentence).toMatch(
    /at the 95th percentile \(95 % .+, 6 cases\); at most .+ asked for \(p95Seconds\)\.$/,
  );
});

test('what changes and what must be cited leave the arms that read sources', async () => {
  const result = await compared({ changesPerMonth: 4 });
  expect(held(result, 'changesPerMonth')).toEqual({ base: false, rag: true, tuned: false, hybrid: true });
  expect(result.verdict.choice).toBe('hybrid');
  expect(result.verdict.evidence!.find(({ arm }) => arm === 'tuned')!.sentence).toContain(
    'a training takes 30.0 minutes',
  );
  const cited = await compared({ mustCite: 0.01 });
  expect(held(cited, 'mustCite')).toMatchObject({ base: false, tuned: false, rag: true });
});

test('the last arm that is left is chosen for that, which is said, and what it costs in quality too', async () => {
  const two = { rag: { '*': 0.2 }, tuned: { '*': 0.9 } };
  const result = await compared({ changesPerMonth: 10 }, { chances: two });
  const { verdict } = result;
  expect(verdict).toMatchObject({ outcome: 'only one left', choice: 'rag' });
  expect(verdict.headline).toMatch(
    /^Use rag: it is the only arm that keeps to your constraints, which is no word on its answers\./,
  );
  expect(verdict.headline).toContain('Not chosen by your constraints: tuned breaks changesPerMonth.');
  expect(verdict.headline).toMatch(/Tuned \(\d+ %\) would do better than rag\./);
  expect(verdict.wouldChange).toContain('Without changesPerMonth the choice would be tuned.');
  expect(verdict.claims).toContainEqual({ metric: 'right', better: 'tuned', than: 'rag', kind: null });
  const text = summarise(result, { width: 200 });
  expect(text).toContain('Your constraints:\n  - kept: rag reads the sources');
  expect(text).toMatch(/What would change it:\n {2}- Without changesPerMonth/);
  expect(renderReport(result)).toContain('<li>BROKEN: tuned reads no sources');
});

test('where no arm is left there is no choice', async () => {
  const { verdict } = await compared(
    { dataMustStay: true },
    {
      means: { ...here, chat: { name: 'office:gpt', isHere: false } },
    },
  );
  expect(verdict).toMatchObject({ outcome: 'undecided', leaders: [] });
  expect(verdict.choice).toBeUndefined();
  expect(verdict.headline).toMatch(/^No arm keeps to your constraints: base breaks dataMustStay; /);
  expect(verdict.evidence![0]!.sentence).toBe(
    'base asks office:gpt, not known to be on this machine (dataMustStay).',
  );
});

test('a constraint that no arm breaks changes nothing but the lines', async () => {
  const [free, kept] = [await compared(undefined), await compared({ dataMustStay: true, p95Seconds: 1000 })];
  expect(kept.verdict).toMatchObject({
    outcome: free.verdict.outcome,
    choice: free.verdict.choice,
    headline: free.verdict.headline,
    claims: free.verdict.claims,
  });
  expect(kept.verdict.reasons[0]).toMatchObject({ title: 'Your constraints', text: 'No arm breaks one.' });
});

test('replies are held against the schema, and what was not measured rules nobody out', async () => {
  const result = await compared({ strictSchema: true });
  for (const [arm, holds] of Object.entries(held(result, 'strictSchema'))) {
    const { value } = result.slices[0]!.arms.find(
      (entry) => entry.arm === arm && entry.metric === 'valid-json',
    )!;
    expect(holds).toBe(value === 1);
  }
  const untimed = await compared({ p95Seconds: 0.001 }, { latencyCases: 0 });
  expect(held(untimed, 'p95Seconds')).toEqual({ base: null, rag: null, tuned: null, hybrid: null });
  expect(untimed.verdict.choice).toBe('hybrid');
  expect(
    checkConstraints({ ...result, means: undefined as never }, { dataMustStay: true })[0]!.holds,
  ).toBeNull();
});

test('a budget is held against what a volume costs', async () => {
  const result = await compared({ questionsPerMonth: 100_000, budgetPerMonth: 25 });
  const costs = result.verdict.costs!;
  for (const { arm, total } of costs) expect(held(result, 'budgetPerMonth')[arm]).toBe(total <= 25);
  expect(result.verdict.evidence![0]!.sentence).toMatch(
    /^base costs \$[\d.]+ a month at 100,000 questions; at most \$25\.00 asked for \(budgetPerMonth\)\.$/,
  );
  const { lines } = result.verdict.reasons.find(({ title }) => title === 'Costs')!;
  expect(lines).toHaveLength(costs.length);
  expect(lines![0]).toMatch(
    /^base: \$[\d.]+ a month .+ s at \$0\.36 an hour \(a machine, 2026-01, this test\)\.$/,
  );
});
