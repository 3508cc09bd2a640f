import type { Constraints } from '../../core/settings.ts';
import { intervalOf } from '../../statistics/index.ts';
import type { ArmInfo } from '../arm.ts';
import type { ArmCost, ConstraintEvidence, Estimate, UndecidedComparison } from '../comparison-result.ts';
import { formatInterval, formatValue } from '../format.ts';
import type { Means } from '../means.ts';
import { monthlyCosts } from './monthly-cost.ts';

/** `mustCite: true`. */
const citesEnough = 0.95;

/** Every arm that can be chosen against every constraint, in the order of the arms. By values, not by intervals: a bound is the user's own. */
export function checkConstraints(
  result: UndecidedComparison,
  constraints: Constraints = result.constraints ?? {},
): ConstraintEvidence[] {
  const costs = monthlyCosts({ ...result, constraints });
  return result.arms
    .filter(({ reference }) => !reference)
    .flatMap((arm) => checks.flatMap((check) => check(arm, { result, constraints, costs }) ?? []));
}

/** Whether it breaks none of them. */
export function keepsConstraints({ name }: ArmInfo, evidence: readonly ConstraintEvidence[]): boolean {
  return evidence.every(({ arm, holds }) => arm !== name || holds !== false);
}

interface Given {
  result: UndecidedComparison;
  constraints: Constraints;
  costs: readonly ArmCost[];
}

type Check = (arm: ArmInfo, given: Given) => ConstraintEvidence | undefined;

/** One for each constraint; undefined where it is not set. */
const checks: readonly Check[] = [
  ({ name, label }, { result, constraints: { mustCite } }) => {
    if (!mustCite) return undefined;
    const bound = mustCite === true ? citesEnough : mustCite;
    const measured = citedShare(name, result);
    const own = { arm: name, constraint: 'mustCite', bound } as const;
    if (!measured) return unmeasured(own, `${label} gave no answer that could cite`);
    return {
      ...own,
      measured: measured.value,
      holds: measured.value >= bound,
      sentence: `${label} cites in ${shareText(measured)} of its answers; at least ${percent(bound)} asked for (mustCite).`,
    };
  },
  ({ name, label }, { result, constraints: { p95Seconds: bound } }) => {
    if (bound === undefined) return undefined;
    const measured = overallValue(result, name, 'latency-p95');
    const own = { arm: name, constraint: 'p95Seconds', bound } as const;
    if (!measured) return unmeasured(own, `no latency of ${label} was measured`);
    return {
      ...own,
      measured: measured.value / 1000,
      holds: measured.value / 1000 <= bound,
      sentence: `${label} takes ${formatValue(measured.value, 'ms')} at the 95th percentile (95 % ${formatInterval(measured, 'ms')}, ${measured.cases} cases); at most ${bound} s asked for (p95Seconds).`,
    };
  },
  ({ name, label }, { constraints: { budgetPerMonth: bound, questionsPerMonth }, costs }) => {
    if (bound === undefined) return undefined;
    const cost = costs.find(({ arm }) => arm === name);
    const own = { arm: name, constraint: 'budgetPerMonth', bound } as const;
    if (!cost) return unmeasured(own, `what ${label} costs is not known`);
    return {
      ...own,
      measured: cost.total,
      holds: cost.total <= bound,
      sentence: `${label} costs ${dollars(cost.total)} a month at ${questionsPerMonth!.toLocaleString('en')} questions; at most ${dollars(bound)} asked for (budgetPerMonth).`,
    };
  },
  ({ name, label, retrieves, trained }, { result, constraints: { changesPerMonth: measured } }) => {
    if (measured === undefined) return undefined;
    const seconds = trained ? result.means?.trainingSeconds : undefined;
    const training =
      seconds === undefined ? '' : `, and a training takes ${(seconds / 60).toFixed(1)} minutes`;
    return {
      arm: name,
      constraint: 'changesPerMonth',
      measured,
      bound: 1,
      holds: retrieves || measured < 1,
      sentence: retrieves
        ? `${label} reads the sources when it is asked: ${measured} changes a month need no training (changesPerMonth).`
        : `${label} reads no sources: with ${measured} changes a month it answers from old facts until it is trained again${training}; fewer than one change a month is its bound (changesPerMonth).`,
    };
  },
  ({ name, label }, { result, constraints: { strictSchema } }) => {
    if (!strictSchema) return undefined;
    const bound = strictSchema === true ? 1 : strictSchema;
    const measured = overallValue(result, name, 'valid-json');
    const own = { arm: name, constraint: 'strictSchema', bound } as const;
    if (!measured) return unmeasured(own, `replies of ${label} were held against no schema`);
    return {
      ...own,
      measured: measured.value,
      holds: measured.value >= bound,
      sentence: `${shareText(measured)} of ${label}'s replies fit the schema; at least ${percent(bound)} asked for (strictSchema).`,
    };
  },
  ({ name, label, retrieves }, { result: { means }, constraints: { dataMustStay } }) => {
    if (!dataMustStay) return undefined;
    const own = { arm: name, constraint: 'dataMustStay' } as const;
    if (!means) return unmeasured(own, `where the models of ${label} run is not known`);
    const away = modelsOf({ name, retrieves }, means).filter(({ isHere }) => !isHere);
    return {
      ...own,
      holds: away.length === 0,
      sentence:
        away.length === 0
          ? `${label} asks no model that is not on this machine (dataMustStay).`
          : `${label} asks ${away.map((model) => model.name).join(' and ')}, not known to be on this machine (dataMustStay).`,
    };
  },
];

function unmeasured(
  own: Pick<ConstraintEvidence, 'arm' | 'constraint' | 'bound'>,
  why: string,
): ConstraintEvidence {
  return { ...own, holds: null, sentence: `Not checked (${own.constraint}): ${why}.` };
}

/** Of the answers that are none of a refusal. */
function citedShare(arm: string, { cases, options }: UndecidedComparison): Estimate | undefined {
  const given = cases.flatMap(({ group, arms }) => {
    const answer = arms[arm]?.answer;
    return answer && !answer.abstained ? [{ group, cites: Number(answer.citations.length > 0) }] : [];
  });
  return intervalOf(
    { values: given.map(({ cites }) => cites), groups: given.map(({ group }) => group) },
    {
      statistic: 'mean',
      bounds: [0, 1],
      level: options.level,
      seed: options.seed,
      resamples: options.resamples,
    },
  );
}

function overallValue({ slices }: UndecidedComparison, arm: string, metric: string): Estimate | undefined {
  return slices
    .find(({ kind }) => kind === null)!
    .arms.find((entry) => entry.arm === arm && entry.metric === metric);
}

function modelsOf({ name, retrieves }: Pick<ArmInfo, 'name' | 'retrieves'>, means: Means) {
  const { chat, embedder, reranker, others } = means;
  const own = others?.[name];
  return [own?.chat ?? chat, ...(retrieves ? [embedder, own?.reranker ?? reranker] : [])].filter(
    (model) => model !== undefined,
  );
}

const percent = (share: number) => formatValue(share, 'share');

const shareText = (estimate: Estimate) =>
  `${percent(estimate.value)} (95 % ${formatInterval(estimate, 'share')}, n ${estimate.cases})`;

/** `$0.42`, `$1,200`. */
export function dollars(amount: number): string {
  const digits = amount >= 100 ? 0 : 2;
  return `$${amount.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
