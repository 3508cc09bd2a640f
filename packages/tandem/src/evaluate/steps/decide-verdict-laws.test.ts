import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/index.ts';
import type { CaseRecord, ComparisonResult, Verdict } from '../comparison-result.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { decideVerdict } from './decide-verdict.ts';
import { summariseCases } from './summarise-slices.ts';

const metric = (id: string, direction: MetricInfo['direction']): MetricInfo => ({
  id,
  name: id,
  description: `${id}.`,
  unit: 'share',
  direction,
  summary: 'mean',
  pass: 'answers',
  family: 'The answer',
});

/** Any table at all: scores of each arm drawn with any chances, few or many cases, groups of any size, holes included. */
const anyScores = fc.record({
  chances: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
  groups: fc.integer({ min: 1, max: 30 }),
  size: fc.integer({ min: 1, max: 4 }),
  references: fc.integer({ min: 0, max: 2 }),
  direction: fc.constantFrom('higher' as const, 'lower' as const),
  twins: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

type Given = typeof anyScores extends fc.Arbitrary<infer T> ? T : never;

function tableOf(given: Given, metrics = [metric('right', given.direction), metric('other', 'higher')]) {
  const random = createRandom(given.seed);
  const arms = given.chances.map((_, i) => ({
    name: `arm${i}`,
    label: `arm${i}`,
    description: '',
    reference: i > 0 && i <= given.references,
    retrieves: true,
    trained: i % 2 === 1,
    fingerprint: `${i}`,
  }));
  const cases: CaseRecord[] = [];
  for (let group = 0; group < given.groups; group++) {
    for (let i = 0; i < given.size; i++) {
      const draw = random.next();
      const values = given.chances.map((chance) => ({
        // Twins share their luck: arms with equal chances then have equal scores throughout.
        right: Number((given.twins ? draw : random.next()) < chance),
        ...(random.next() < 0.8 && { other: random.next() * chance }),
      }));
      const id = `${group}-${i}`;
      cases.push({
        case: { id, question: id, expected: id, kind: i % 2 ? 'odd' : 'even' },
        group: `${group}`,
        arms: Object.fromEntries(arms.map((arm, a) => [arm.name, { values: values[a]! }])),
      });
    }
  }
  const settings = { seed: 1, resamples: 200, level: 0.95, latencyCases: 0, unanswerableWeight: 0.2 };
  const result: Omit<ComparisonResult, 'verdict'> = {
    version: 1,
    id: '',
    startedAt: '',
    finishedAt: '',
    project: '',
    subject: { model: 'Dice' },
    arms,
    metrics,
    primary: { metric: 'right', why: '' },
    worthHaving: 0.1,
    options: settings,
    kinds: [],
    cases,
    passages: {},
    slices: summariseCases(cases, { arms, metrics, primary: 'right', ...settings }),
    failures: [],
    provenance: {},
  };
  return { result, verdict: decideVerdict(result) };
}

describe('whatever the numbers, the verdict', () => {
  const claimHolds = (result: Omit<ComparisonResult, 'verdict'>, claim: Verdict['claims'][number]) => {
    const slice = result.slices.find((candidate) => candidate.kind === claim.kind)!;
    const pair = slice.pairs.find(
      (candidate) =>
        candidate.metric === claim.metric &&
        [candidate.a, candidate.b].includes(claim.better) &&
        [candidate.a, candidate.b].includes(claim.than),
    )!;
    const lower = result.metrics.find((m) => m.id === claim.metric)!.direction === 'lower';
    const forward = (pair.a === claim.better) !== lower;
    return (forward ? pair.low > 0 : pair.high < 0) && pair.adjustedP! <= 0.05;
  };

  it('calls an arm better only where its interval and its test say so', () => {
    fc.assert(
      fc.property(anyScores, (given) => {
        const { result, verdict } = tableOf(given);
        for (const claim of verdict.claims) expect(claimHolds(result, claim)).toBe(true);
        // Every "X does better than Y" of the words is one of the claims.
        const words = [verdict.headline, ...verdict.kinds.map((kind) => kind.text)].join(' ');
        for (const [, better, than] of words.matchAll(/(arm\d) does better than (arm\d)/giu)) {
          expect(verdict.claims.some((c) => c.better === better!.toLowerCase() && c.than === than)).toBe(
            true,
          );
        }
      }),
      { numRuns: 250 },
    );
  });

  it('chooses an arm only when it beats every other or none that leads is better', () => {
    fc.assert(
      fc.property(anyScores, (given) => {
        const { result, verdict } = tableOf(given);
        const choosable = result.arms.filter((arm) => !arm.reference).map((arm) => arm.name);
        const beaten = (arm: string) =>
          verdict.claims.some(
            (c) => c.metric === 'right' && c.kind === null && c.than === arm && choosable.includes(c.better),
          );
        expect(verdict.leaders.every((leader) => choosable.includes(leader) && !beaten(leader))).toBe(true);
        if (verdict.outcome === 'undecided') expect(verdict.choice).toBeUndefined();
        else expect(verdict.leaders).toContain(verdict.choice);
        if (verdict.outcome === 'better') {
          for (const other of choosable.filter((arm) => arm !== verdict.choice)) {
            expect(
              claimHolds(result, { metric: 'right', better: verdict.choice!, than: other, kind: null }),
            ).toBe(true);
          }
          expect(verdict.headline).toContain(`Use ${verdict.choice}:`);
        }
        if (verdict.outcome === 'no difference') expect(verdict.headline).toContain('not by quality');
      }),
      { numRuns: 250 },
    );
  });

  it('is no different for arms whose answers are the same', () => {
    fc.assert(
      fc.property(anyScores, fc.double({ min: 0, max: 1, noNaN: true }), (given, chance) => {
        const { verdict } = tableOf({
          ...given,
          twins: true,
          chances: [chance, chance, chance],
          references: 0,
        });
        expect(verdict.claims.filter((c) => c.metric === 'right')).toEqual([]);
        expect(verdict.leaders).toHaveLength(3);
      }),
      { numRuns: 60 },
    );
  });
});

describe('equal arms', () => {
  it('are called different about as rarely as promised', () => {
    let wrong = 0;
    const runs = 150;
    for (let seed = 0; seed < runs; seed++) {
      const { verdict } = tableOf(
        {
          chances: [0.5, 0.5, 0.5, 0.5],
          groups: 25,
          size: 3,
          references: 0,
          direction: 'higher',
          twins: false,
          seed,
        },
        [metric('right', 'higher')],
      );
      if (verdict.claims.some((c) => c.metric === 'right' && c.kind === null)) wrong++;
    }
    expect(wrong / runs).toBeLessThan(0.08);
  });
});
