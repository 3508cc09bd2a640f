import { advantageOf, isShownBetter, shownBetter } from '../advantage.ts';
import type { ArmInfo } from '../arm.ts';
import type { ArmMetric, Slice, UndecidedComparison, Verdict } from '../comparison-result.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { type Habit, habitsOf } from './habits.ts';

/** How the arms stand to one another on the primary metric over one slice. */
export interface Standing {
  outcome: Verdict['outcome'];
  /** Arms that none was shown to beat, best value first. */
  leaders: ArmInfo[];
  /** The other arms, best value first. */
  beaten: ArmInfo[];
}

/** Looks numbers up, and remembers each "better than" that it was asked for and confirmed: the verdict's claims. */
export class VerdictTable {
  readonly result: UndecidedComparison;
  readonly primary: MetricInfo;
  readonly claims: Verdict['claims'] = [];
  /** What the arms that can be chosen do whatever they are asked; none for an arm that reads its questions. */
  readonly habits: ReadonlyMap<string, readonly Habit[]>;

  constructor(result: UndecidedComparison) {
    this.result = result;
    this.primary = result.metrics.find((metric) => metric.id === result.primary.metric)!;
    this.habits = new Map(
      result.arms.filter((arm) => !arm.reference).map((arm) => [arm.name, habitsOf(result, arm)]),
    );
  }

  /** Whether the arm answers without regard to the question: it is in the table, and never the choice. */
  isUseless(arm: ArmInfo): boolean {
    return (this.habits.get(arm.name) ?? []).some((habit) => habit.isUseless);
  }

  metric(id: string): MetricInfo | undefined {
    return this.result.metrics.find((metric) => metric.id === id);
  }

  value(slice: Slice, arm: ArmInfo, metric = this.primary): ArmMetric | undefined {
    return slice.arms.find((entry) => entry.arm === arm.name && entry.metric === metric.id);
  }

  advantage(slice: Slice, a: ArmInfo, b: ArmInfo, metric = this.primary) {
    return advantageOf(slice, metric, a.name, b.name);
  }

  /** Shown better; from here on one of the verdict's claims. */
  beats(slice: Slice, a: ArmInfo, b: ArmInfo, metric = this.primary): boolean {
    const shown = isShownBetter(slice, metric, a.name, b.name);
    if (shown) this.#claim({ metric: metric.id, better: a.name, than: b.name, kind: slice.kind });
    return shown;
  }

  #claim(claim: Verdict['claims'][number]): void {
    const known = this.claims.some(
      (other) =>
        other.metric === claim.metric &&
        other.better === claim.better &&
        other.than === claim.than &&
        other.kind === claim.kind,
    );
    if (!known) this.claims.push(claim);
  }
}

/**
 * Which arms lead and which are beaten, by the paired tests on the primary metric. Over all cases an arm that answers without regard to the question
 * never leads.
 */
export function rankArms(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): Standing {
  const sign = table.primary.direction === 'lower' ? -1 : 1;
  const rank = (arm: ArmInfo) => sign * (table.value(slice, arm)?.value ?? Number.NEGATIVE_INFINITY);
  const ordered = [...arms].sort((a, b) => rank(b) - rank(a));
  const useful = ordered.filter((arm) => slice.kind !== null || !table.isUseless(arm));
  const leaders = useful.filter((arm) => !useful.some((other) => table.beats(slice, other, arm)));
  const beaten = ordered.filter((arm) => !leaders.includes(arm));
  const alone = leaders.length === 1 && beaten.every((arm) => table.beats(slice, leaders[0]!, arm));
  if (alone && arms.length > 1) return { outcome: 'better', leaders, beaten };

  const worth = table.result.worthHaving;
  const settled =
    leaders.length > 1 &&
    leaders.slice(1).every((other) => {
      const advantage = table.advantage(slice, leaders[0]!, other);
      // A lead that was shown, though it is one of refusals alone, is no draw.
      if (!advantage || shownBetter(advantage)) return false;
      return advantage.minimalDetectable <= worth || advantage.high < worth;
    });
  return { outcome: settled ? 'no difference' : 'undecided', leaders, beaten };
}

/**
 * Least to keep up: no adapter before an adapter, the comparison's own model before another, which would be one more to run, then fewer prompt tokens;
 * an arm whose tokens are not known comes last.
 */
export function cheapest(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): ArmInfo | undefined {
  const tokens = table.metric('prompt-tokens');
  const cost = (arm: ArmInfo) =>
    arm.countsTokens === false
      ? Number.MAX_VALUE
      : tokens
        ? (table.value(slice, arm, tokens)?.value ?? 0)
        : 0;
  const others = (arm: ArmInfo) => Number(arm.model !== undefined || arm.countsTokens === false);
  return [...arms].sort(
    (a, b) => Number(a.trained) - Number(b.trained) || others(a) - others(b) || cost(a) - cost(b),
  )[0];
}
