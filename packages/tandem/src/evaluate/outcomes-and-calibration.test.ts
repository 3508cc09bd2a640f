import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { type Outcome, outcomes } from '../core/types/outcome.ts';
import { expectedCalibrationError } from '../statistics/index.ts';
import { armCalibration } from './arm-calibration.ts';
import { compareGivenArms } from './compare-given-arms.fixture.ts';
import { type ComparisonJson, comparisonJson } from './comparison-json.ts';
import type { CaseRecord, ComparisonResult } from './comparison-result.ts';
import type { MetricInfo } from './metrics/metric.ts';
import { outcomeConfusion } from './outcome-confusion.ts';
import { renderReport } from './report.ts';
import { summarise } from './summary.ts';
import { sumsOf } from './sums-of-cases.ts';
import { type SyntheticOptions, syntheticOptions } from './synthetic-comparison.fixture.ts';

const chances = { base: { '*': 0.2 }, rag: { '*': 0.7 }, tuned: { '*': 0.3 } };

/**
 * Dice whose answers say what became of them, and those of rag how likely its passages were: `said` where they have the answer, else `unlikely`. A quarter of the
 * cases has no answer, and one group in six is to be asked back.
 */
async function compareWithOutcomes({
  said = 0.9,
  unlikely = 0.1,
  isCalibrated = true,
  failing = false,
  ...options
}: Partial<SyntheticOptions> & {
  said?: number;
  unlikely?: number;
  isCalibrated?: boolean;
  failing?: boolean;
} = {}): Promise<ComparisonResult> {
  const given = syntheticOptions({
    chances,
    groups: 24,
    kinds: ['plain name'],
    resamples: 200,
    latencyCases: 0,
    ...options,
  });
  given.cases = given.cases.map(({ source, ...testCase }, at) =>
    at % 4 === 0
      ? { ...testCase, answerable: false, expected: 'Our sources do not say.' }
      : { ...testCase, ...(source && { source }), ...(at % 6 === 1 && { outcome: 'clarify' as const }) },
  );
  given.arms = given.arms.map((arm) => ({
    ...arm,
    async answer(testCase, signal) {
      const isUnanswerable = testCase.answerable === false;
      if (failing && arm.name === 'rag' && testCase.id.endsWith('-2'))
        throw new ContextOverflowError({ promptTokens: 10, reservedTokens: 5, contextLength: 8 });
      const answer = await arm.answer(
        {
          ...testCase,
          expected: isUnanswerable
            ? { intent: 'x', entities: { condition: 'y' }, response: 'z' }
            : testCase.expected,
          source: testCase.source ?? { documentId: 'none', start: 0, end: 1 },
        },
        signal,
      );
      const holds =
        !isUnanswerable &&
        answer.passages.some(({ documentId }) => documentId === testCase.source?.documentId);
      const outcome: Outcome = answer.abstained
        ? 'not in the sources'
        : testCase.outcome && arm.name === 'rag'
          ? 'clarify'
          : 'answer';
      return {
        ...answer,
        outcome,
        ...(arm.retrieves && { sufficiency: { probability: holds ? said : unlikely, isCalibrated } }),
      };
    },
  }));
  return compareGivenArms(given);
}

let result: ComparisonResult;
let json: ComparisonJson;
beforeAll(async () => {
  result = await compareWithOutcomes();
  json = JSON.parse(JSON.stringify(comparisonJson(result)));
});

describe('outcomes', () => {
  test('each case stands in the row that it expects and the column of what became of it', () => {
    const confusion = json.outcomes.rag!;
    if ('notMeasured' in confusion) throw new Error(confusion.notMeasured);
    expect(confusion.n).toBe(24);
    expect(Object.keys(confusion.expected)).toEqual(['answer', 'clarify', 'not in the sources']);
    const rowSum = (row: Outcome) => Object.values(confusion.expected[row]!).reduce((a, b) => a + b, 0);
    expect(rowSum('not in the sources')).toBe(6);
    expect(rowSum('clarify')).toBe(result.cases.filter((each) => each.case.outcome === 'clarify').length);
    const askedBack = result.cases.filter(({ arms }) => arms.rag!.answer!.outcome === 'clarify').length;
    expect(confusion.expected.clarify!.clarify).toBe(askedBack);
    // Arms without sources have outcomes, too: they answer or decline.
    expect(json.outcomes.base).toMatchObject({ n: 24 });
  });

  test('macro-F1 is a metric of each arm with interval and n, by the F1 of each outcome that is expected', () => {
    const { value, low, high, n } = json.arms.rag!['outcome-macro-f1']!;
    const counts = json.outcomes.rag as { expected: Record<Outcome, Record<Outcome, number>> };
    const rows = Object.keys(counts.expected) as Outcome[];
    const f1 = rows.map((row) => {
      const right = counts.expected[row][row];
      const expected = Object.values(counts.expected[row]).reduce((a, b) => a + b, 0);
      const given = rows.reduce((sum, other) => sum + counts.expected[other][row], 0);
      return (2 * right) / (expected + given);
    });
    expect(value).toBeCloseTo(f1.reduce((a, b) => a + b, 0) / f1.length, 12);
    expect(n).toBe(24);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    const pair = json.comparisons.find(
      ({ a, b, metric }) => a === 'base' && b === 'rag' && metric === 'outcome-macro-f1',
    )!;
    expect(pair.value).toBeCloseTo(json.arms.base!['outcome-macro-f1']!.value - value, 12);
    expect(pair.p).toBeUndefined();
  });

  test('an answer that failed is a miss of what was expected', async () => {
    const failing = await compareWithOutcomes({ failing: true });
    const confusion = outcomeConfusion(failing, 'rag');
    expect(failing.failures).toHaveLength(1);
    expect(confusion).toMatchObject({ n: 24, expected: { answer: { failed: 1 } } });
    const macroF1Of = ({ slices }: ComparisonResult) =>
      slices[0]!.arms.find(({ arm, metric }) => arm === 'rag' && metric === 'outcome-macro-f1')!;
    expect(macroF1Of(failing).cases).toBe(24);
    expect(renderReport(failing)).toContain('<th scope="col">failed</th>');
  });
});

describe('calibration', () => {
  test('sufficiency is held against whether a passage has the answer; what nobody knows leaves n', () => {
    const { sufficiency } = json.calibration.rag!;
    const known = result.cases.filter((each) => each.case.outcome !== 'clarify');
    const holding = known.filter(({ case: { source }, arms }) =>
      arms.rag!.answer!.passages.some(({ id }) => source && id.startsWith(`${source.documentId}#`)),
    );
    expect(sufficiency).toMatchObject({
      n: known.length,
      cameTrue: holding.length / known.length,
      isCalibrated: true,
    });
    // It said .9 where it is so and .1 where not: off by .1 in both bins.
    expect(sufficiency).toMatchObject({ ece: expect.closeTo(0.1, 10), brier: expect.closeTo(0.01, 10) });
    expect(json.arms.rag!['sufficiency-ece']).toMatchObject({
      value: expect.closeTo(0.1, 10),
      n: known.length,
    });
    expect(json.arms.rag!['sufficiency-brier']!.value).toBeCloseTo(0.01, 10);
    expect(json.arms.rag!.sufficiency!.n).toBe(known.length);
    // Few cases: a true one would show an error, too.
    if ('notMeasured' in sufficiency) throw new Error(sufficiency.notMeasured);
    expect(sufficiency.eceIfTrue.mean).toBeGreaterThan(0.02);
    expect(sufficiency.eceIfTrue.most).toBeGreaterThan(sufficiency.eceIfTrue.mean);
  });

  test('where it does not apply that is said, and nothing is 0', () => {
    for (const arm of ['base', 'tuned']) {
      expect(json.calibration[arm]!.sufficiency).toEqual({ notMeasured: 'it reads no sources' });
      for (const metric of ['sufficiency', 'sufficiency-ece', 'sufficiency-brier'])
        expect(json.arms[arm]).not.toHaveProperty(metric);
    }
    expect(json.calibration.rag!.claims).toMatchObject({ n: 0, isCalibrated: false });
    expect(json.calibration.rag!.confidence).toMatchObject({
      n: expect.any(Number),
      ece: expect.any(Number),
    });
    expect(json.arms.rag!['confidence-ece']!.n).toBeGreaterThan(0);
  });

  test('a probability that is on no scale is called that', async () => {
    const raw = await compareWithOutcomes({ isCalibrated: false, said: 0.6, unlikely: 0.4 });
    expect(armCalibration(raw, 'rag').sufficiency).toMatchObject({ isCalibrated: false });
    const text = (html: string) => parseHTML(html).document.body.textContent;
    expect(text(renderReport(raw))).toContain('sufficiency, not calibrated');
    expect(text(renderReport(result))).not.toContain('sufficiency, not calibrated');
    expect(summarise(raw)).not.toContain('Sufficiency, calibration error');
    expect(summarise(result)).toContain('Sufficiency, calibration error');
  });

  test('the report has both tables, and a line for each arm of which one is not measured', () => {
    const { document } = parseHTML(renderReport(result));
    const tableOf = (label: string) => document.querySelector(`[aria-label="Table: ${label}"] table`)!;
    expect(tableOf('outcomes').querySelectorAll('tbody tr')).toHaveLength(9);
    expect(tableOf('calibration').textContent).toContain('not measured: it reads no sources');
    expect(document.body.textContent).toContain('Do passages answer as often as sufficiency says?');
    expect(document.body.textContent).not.toMatch(/undefined|NaN|\[object/);
  });
});

test('answers from before there were outcomes and sufficiency are not measured by them, and nothing breaks', async () => {
  const given = syntheticOptions({ chances, groups: 8, resamples: 100 });
  const [first] = given.cases;
  const old = await compareGivenArms({
    ...given,
    arms: given.arms.map((arm) => ({
      ...arm,
      answer: async (testCase, signal) => {
        if (testCase.id === first!.id)
          throw new ContextOverflowError({ promptTokens: 10, reservedTokens: 5, contextLength: 8 });
        return arm.answer(testCase, signal);
      },
    })),
  });
  expect(old.failures).toHaveLength(3);
  const { arms, outcomes: confusions, calibration } = comparisonJson(old);
  for (const { name } of old.arms) {
    expect(confusions[name]).toEqual({ notMeasured: 'its answers say no outcome' });
    expect(calibration[name]!.sufficiency).toHaveProperty('notMeasured');
    expect(arms[name]).not.toHaveProperty('outcome-macro-f1');
  }
  // A comparison.json that an earlier Tandem wrote does not know the metrics either.
  const metrics = old.metrics.filter(({ summary }) => ['mean', 'median', 'p95'].includes(summary));
  const page = renderReport({ ...old, metrics });
  expect(page).not.toContain('Table: outcomes');
  expect(parseHTML(page).document.body.textContent).not.toMatch(/undefined|NaN|\[object/);
});

test('of cases together: the sums give what the statistic of the whole is', () => {
  const metrics = [{ id: 'said', probabilityOf: 'so' } as MetricInfo];
  const ece = sumsOf({ summary: 'calibration error', errorOf: 'said' }, metrics);
  const macro = sumsOf({ summary: 'macro F1 of outcomes' }, metrics);
  const add = (statistic: typeof ece, records: readonly CaseRecord[]) => {
    const sums = new Float64Array(statistic.sums);
    for (const record of records)
      for (const { to, by } of statistic.addendsOf(record, 'rag')) sums[to]! += by;
    return statistic.statistic(sums);
  };
  const record = fc.record({
    said: fc.double({ min: 0, max: 1, noNaN: true }),
    so: fc.boolean(),
    expected: fc.constantFrom(...outcomes),
    given: fc.constantFrom(...outcomes),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (rows) => {
      const records = rows.map(
        ({ said, so, expected, given }) =>
          ({
            case: { answerable: expected !== 'not in the sources', outcome: expected },
            arms: { rag: { answer: { outcome: given }, values: { said, so: Number(so) } } },
          }) as unknown as CaseRecord,
      );
      const [said, so] = [rows.map((row) => row.said), rows.map((row) => row.so)];
      expect(add(ece, records)).toBeCloseTo(expectedCalibrationError(said, so, 5), 10);
      const f1 = add(macro, records);
      expect(f1).toBeGreaterThanOrEqual(0);
      expect(f1).toBeLessThanOrEqual(1);
      const isAllRight = rows.every(({ expected, given }) => expected === given);
      expect(f1 === 1).toBe(isAllRight);
    }),
    { numRuns: 200 },
  );
});
