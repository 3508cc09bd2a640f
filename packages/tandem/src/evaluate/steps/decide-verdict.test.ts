import { describe, expect, it } from 'vitest';
import type { Case } from '../../core/types/example.ts';
import { compareGivenArms } from '../compare-given-arms.fixture.ts';
import { summarise } from '../summary.ts';
import { syntheticComparison, syntheticOptions } from '../synthetic-comparison.fixture.ts';

const four = ['base', 'rag', 'tuned', 'hybrid'];

describe('the verdict', () => {
  it.each(four)('names %s when it is best, in its words too', async (winner) => {
    const chances = Object.fromEntries(four.map((arm) => [arm, { '*': arm === winner ? 0.85 : 0.25 }]));
    const { verdict } = await syntheticComparison({ chances, groups: 40, seed: 3 });
    expect(verdict.outcome).toBe('better');
    expect(verdict.choice).toBe(winner);
    expect(verdict.headline).toMatch(new RegExp(`^Use ${winner}: it does better than every other arm`));
    expect(verdict.firstLine).toContain('Dice-135M (synthetic) (135 M parameters)');
    expect(verdict.firstLine).toContain('a larger one may reverse it');
    expect(verdict.kinds.map((kind) => kind.leaders[0])).toEqual([winner, winner, winner]);
  });

  it('finds one arm best on one kind only, and says so', async () => {
    const { verdict } = await syntheticComparison({
      chances: {
        rag: { 'plain name': 0.95, abbreviation: 0.95, jargon: 0.05 },
        hybrid: { 'plain name': 0.35, abbreviation: 0.35, jargon: 0.75 },
      },
      groups: 50,
    });
    expect(verdict.choice).toBe('rag');
    const jargon = verdict.kinds.find((kind) => kind.kind === 'jargon')!;
    expect(jargon).toMatchObject({ outcome: 'better', leaders: ['hybrid'] });
    expect(verdict.headline).toContain('On the kind "jargon", though, hybrid does better than rag.');
  });

  it('cannot decide on a handful of cases, and says how large a difference they could show', async () => {
    const { verdict } = await syntheticComparison({
      chances: { base: { '*': 0.4 }, rag: { '*': 0.5 }, tuned: { '*': 0.45 }, hybrid: { '*': 0.55 } },
      groups: 6,
    });
    expect(verdict.outcome).toBe('undecided');
    expect(verdict.choice).toBeUndefined();
    expect(verdict.headline).toMatch(/^So few cases cannot decide between/);
    expect(verdict.headline).toMatch(
      /18 cases about 6 groups show only differences of about \d+ points or more/,
    );
    expect(verdict.claims.filter((claim) => claim.metric === 'right')).toEqual([]);
  });

  it('calls a draw a draw when many cases would have shown a difference, and then goes by cost', async () => {
    const { verdict } = await syntheticComparison({
      chances: { base: { '*': 0.02 }, rag: { '*': 0.97 }, hybrid: { '*': 0.97 } },
      groups: 120,
    });
    expect(verdict.outcome).toBe('no difference');
    expect(verdict.choice).toBe('rag');
    expect(verdict.headline).toMatch(/^No difference worth having was found between/);
    expect(verdict.headline).toMatch(/Both do better than base \(base \d+ %\)/);
    expect(verdict.headline).toContain('it needs no adapter');
    expect(verdict.headline).toContain('a choice by cost, not by quality');
  });

  it('cannot decide on one question that is asked forty times under forty ids', async () => {
    const options = syntheticOptions({ chances: { base: { '*': 0.05 }, rag: { '*': 0.95 } } });
    const [first] = options.cases;
    const cases = Array.from({ length: 40 }, (_, at): Case => {
      const { group: _group, kind: _kind, ...testCase } = first!;
      return { ...testCase, id: `c${at}` };
    });
    const result = await compareGivenArms({ ...options, cases });
    expect(result.slices[0]).toMatchObject({ cases: 40, groups: 1 });
    expect(result.verdict.outcome).toBe('undecided');
    expect(result.verdict.choice).toBeUndefined();
    expect(result.verdict.headline).toMatch(/^So few cases cannot decide between/);
    expect(result.verdict.headline).toContain('40 cases about 1 group');
    expect(result.verdict.claims).toEqual([]);
    expect(summarise(result, { width: 200 })).toContain(
      '39 cases are counted with another (c1 with c0, c2 with c0, c3 with c0, …)',
    );
  });

  it('compares reference rows but never chooses one', async () => {
    const { verdict } = await syntheticComparison({
      chances: {
        base: { '*': 0.1 },
        rag: { '*': 0.6 },
        'rag+glossary': { '*': 0.95 },
        extract: { '*': 0.05 },
      },
      references: ['rag+glossary', 'extract'],
      groups: 40,
    });
    expect(verdict.choice).toBe('rag');
    const yardsticks = verdict.reasons.find((reason) => reason.title === 'Yardsticks')!.text;
    expect(yardsticks).toMatch(/Rag\+glossary \(\d+ %\) does better than rag by/);
    expect(yardsticks).toMatch(/Extract \(\d+ %\): rag does better by/);
    expect(verdict.leaders).toEqual(['rag']);
    expect(verdict.headline).toMatch(
      /But rag\+glossary \(\d+ %\), only a yardstick here, does better than rag\./,
    );
    expect(verdict.kinds[0]!.text).toMatch(/Yardsticks: rag\+glossary \d+ %, extract \d+ %\.$/);
  });

  it('does not praise an arm without naming the cheap alternative that equals it', async () => {
    const { verdict } = await syntheticComparison({
      chances: { rag: { '*': 0.2 }, hybrid: { '*': 0.8 }, 'rag+glossary': { '*': 0.8 } },
      references: ['rag+glossary'],
      groups: 40,
    });
    expect(verdict.choice).toBe('hybrid');
    expect(verdict.headline).toMatch(/But hybrid is not shown to do better than rag\+glossary \(\d+ %\)/);
  });

  it('warns when the best arm is wrong more often than right', async () => {
    const { verdict } = await syntheticComparison({
      chances: { base: { '*': 0.01 }, rag: { '*': 0.35 } },
      groups: 60,
    });
    expect(verdict.choice).toBe('rag');
    expect(verdict.headline).toContain('best of these arms does not mean good enough');
  });

  it('has nothing to choose with one arm', async () => {
    const { verdict } = await syntheticComparison({ chances: { rag: { '*': 0.5 } }, groups: 10 });
    expect(verdict.outcome).toBe('undecided');
    expect(verdict.headline).toMatch(/^Nothing to choose between: rag was the only arm/);
  });
});
