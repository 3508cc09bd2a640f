import { counted } from '../../core/counted.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { holmAdjust } from '../../statistics/index.ts';
import { type Advantage, advantageOf, shownBetter } from '../advantage.ts';
import { caseKey } from '../case-key.ts';
import type { CaseRecord, ComparisonResult, PairComparison } from '../comparison-result.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { summariseCases } from '../steps/summarise-slices.ts';
import { defaultUnanswerableWeight } from '../unanswerable-weight.ts';

/** What became of an arm between two comparisons, on the cases that are in both. */
export interface ArmChange extends Advantage {
  arm: string;
  reference: boolean;
  /** Its value of the primary metric in each, on the same cases. */
  before: number;
  after: number;
  groups: number;
  test?: PairComparison['test'];
  /** `better` and `worse` where the paired test after Holm and the interval say so; else `not shown`. */
  shown: 'better' | 'worse' | 'not shown';
}

/** Two comparisons of one project beside each other. */
export interface ComparisonDiff {
  metric: Pick<MetricInfo, 'id' | 'name' | 'unit'>;
  models: { before: string; after: string };
  cases: { shared: number; onlyBefore: number; onlyAfter: number };
  /** Independent groups among the shared cases. */
  groups: number;
  /** The arms that are in both; none where no case is. */
  arms: ArmChange[];
  onlyBefore: string[];
  onlyAfter: string[];
  /** One sentence: whether they asked the same, and what is compared. */
  sentence: string;
}

/**
 * How each arm does in a later comparison against an earlier one: the paired difference of the primary metric on the cases that are in both
 * (question and expected answer alike), positive where the later one is better. p-values are adjusted by Holm over the arms that can be
 * chosen, yardsticks apart.
 * @throws InvalidInputError where the two rest on different metrics
 */
export function diffComparisons(before: ComparisonResult, after: ComparisonResult): ComparisonDiff {
  const metric = after.metrics.find(({ id }) => id === after.primary.metric)!;
  if (before.primary.metric !== metric.id)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'comparison',
      message: `The two comparisons rest on different metrics: ${before.primary.metric} and ${metric.id}.`,
      hint: 'Compare again with the present settings.',
    });
  const earlier = new Map(before.cases.map((record) => [caseKey(record), record]));
  const shared = after.cases.filter((record) => earlier.has(caseKey(record)));
  const namesBefore = before.arms.map(({ name }) => name);
  const namesAfter = after.arms.map(({ name }) => name);
  const changes = shared.length === 0 ? [] : after.arms.filter(({ name }) => namesBefore.includes(name));
  const arms = adjusted(
    changes.flatMap(({ name, reference }) => changeOf(name, reference, { shared, earlier, after, metric })),
  );
  const cases = {
    shared: shared.length,
    onlyBefore: earlier.size - new Set(shared.map(caseKey)).size,
    onlyAfter: after.cases.length - shared.length,
  };
  const groups = new Set(shared.map(({ group }) => group)).size;
  return {
    metric: { id: metric.id, name: metric.name, unit: metric.unit },
    models: { before: before.subject.model, after: after.subject.model },
    cases,
    groups,
    arms,
    onlyBefore: namesBefore.filter((name) => !namesAfter.includes(name)),
    onlyAfter: namesAfter.filter((name) => !namesBefore.includes(name)),
    sentence: describeCases(cases, groups),
  };
}

function changeOf(
  arm: string,
  reference: boolean,
  given: {
    shared: readonly CaseRecord[];
    earlier: ReadonlyMap<string, CaseRecord>;
    after: ComparisonResult;
    metric: MetricInfo;
  },
): ArmChange[] {
  const { shared, earlier, after, metric } = given;
  const info = after.arms.find(({ name }) => name === arm)!;
  const cases = shared.map(
    (record): CaseRecord => ({
      ...record,
      arms: { before: earlier.get(caseKey(record))!.arms[arm]!, after: record.arms[arm]! },
    }),
  );
  const [overall] = summariseCases(cases, {
    arms: ['after', 'before'].map((name) => ({ ...info, name })),
    metrics: [metric],
    primary: metric.id,
    ...after.options,
    unanswerableWeight: after.options.unanswerableWeight ?? defaultUnanswerableWeight,
  });
  const change = advantageOf(overall!, metric, 'after', 'before');
  if (!change) return [];
  const pair = overall!.pairs[0]!;
  const meanOf = (side: string) => overall!.arms.find((entry) => entry.arm === side)!.value;
  return [
    {
      ...change,
      arm,
      reference,
      before: meanOf('before'),
      after: meanOf('after'),
      groups: pair.groups,
      ...(pair.test && { test: pair.test }),
      shown: 'not shown',
    },
  ];
}

function adjusted(changes: readonly ArmChange[]): ArmChange[] {
  const families = [false, true].map((reference) => changes.filter((each) => each.reference === reference));
  const values = new Map(
    families.flatMap((family) => {
      const byHolm = holmAdjust(family.map(({ p = 1 }) => p));
      return family.map(({ arm }, at) => [arm, byHolm[at]!] as const);
    }),
  );
  return changes.map((change) => {
    const whole = { ...change, adjustedP: values.get(change.arm)! };
    const reversed = { ...whole, low: -whole.high, high: -whole.low };
    return { ...whole, shown: shownBetter(whole) ? 'better' : shownBetter(reversed) ? 'worse' : 'not shown' };
  });
}

function describeCases({ shared, onlyBefore, onlyAfter }: ComparisonDiff['cases'], groups: number): string {
  if (shared === 0)
    return 'They are not the same cases: no question with its expected answer is in both, so nothing can be paired.';
  const size = `${counted(shared, 'case')} about ${counted(groups, 'group')}`;
  if (onlyBefore + onlyAfter === 0) return `The same ${size}.`;
  return `They are not all the same cases: ${size} are in both and are compared; ${onlyBefore} are only in the first, ${onlyAfter} only in the second.`;
}
