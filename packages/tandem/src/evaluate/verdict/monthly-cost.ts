import type { ArmInfo } from '../arm.ts';
import type { ArmCost, BreakEven, UndecidedComparison } from '../comparison-result.ts';
import type { Means } from '../means.ts';

/**
 * Costs at a volume: tokens by their price of a model elsewhere, else the seconds an answer takes by the price of a machine's hour. A trained arm
 * is trained once a month, and where it reads no sources at each change. What an index costs is in no arm: it is kept by those that share it.
 * @returns none where no volume was stated
 */
export function monthlyCosts({ arms, cases, constraints = {}, means }: UndecidedComparison): ArmCost[] {
  const { questionsPerMonth, changesPerMonth = 0 } = constraints;
  if (questionsPerMonth === undefined || !means) return [];
  return arms
    .filter(({ reference }) => !reference)
    .flatMap((arm) => {
      const used = usageOf(arm, cases);
      const priced = used && pricePerQuestion(arm, used, means);
      if (!priced) return [];
      const trainings = arm.trained ? (arm.retrieves ? 1 : Math.max(1, changesPerMonth)) : 0;
      const training = trainings * trainingPrice(means);
      return [
        {
          arm: arm.name,
          perQuestion: priced.perQuestion,
          perMonth: training,
          total: priced.perQuestion * questionsPerMonth + training,
          basis: `${priced.basis}${describeTraining(arm, trainings, means)}`,
        },
      ];
    });
}

/** Where the lines of two arms' costs cross, at a volume above 0. */
export function breakEvens(costs: readonly ArmCost[]): BreakEven[] {
  return costs.flatMap((a, at) =>
    costs.slice(at + 1).flatMap((b): BreakEven[] => {
      const [dear, cheap] = a.perQuestion >= b.perQuestion ? [a, b] : [b, a];
      const questionsPerMonth = (cheap.perMonth - dear.perMonth) / (dear.perQuestion - cheap.perQuestion);
      if (!Number.isFinite(questionsPerMonth) || questionsPerMonth <= 0) return [];
      return [{ below: dear.arm, above: cheap.arm, questionsPerMonth }];
    }),
  );
}

interface Usage {
  promptTokens: number;
  completionTokens: number;
  seconds: number;
}

/** Means over the answers given. Time is that of the latency pass, where answers are made one at a time. */
function usageOf({ name, countsTokens }: ArmInfo, cases: UndecidedComparison['cases']): Usage | undefined {
  const answers = cases.flatMap(({ arms }) => arms[name]?.answer ?? []);
  if (answers.length === 0 || countsTokens === false) return undefined;
  const timed = cases.flatMap(({ arms }) => arms[name]?.values.latency ?? []);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    promptTokens: mean(answers.map(({ usage }) => usage.promptTokens)),
    completionTokens: mean(answers.map(({ usage }) => usage.completionTokens)),
    seconds: mean(timed.length > 0 ? timed : answers.map(({ timings }) => timings.total)) / 1000,
  };
}

function pricePerQuestion(
  { name, trained }: ArmInfo,
  { promptTokens, completionTokens, seconds }: Usage,
  { machine, tokens, others }: Means,
): { perQuestion: number; basis: string } | undefined {
  const other = others?.[name]?.chat;
  const price = other ? other.price : trained ? tokens?.tuned : tokens?.base;
  if (other && !price && !other.isHere) return undefined;
  if (price)
    return {
      perQuestion: (promptTokens * price.inputPerMillion + completionTokens * price.outputPerMillion) / 1e6,
      basis: `${Math.round(promptTokens)} tokens in and ${Math.round(completionTokens)} out at $${price.inputPerMillion} and $${price.outputPerMillion} a million (${price.model}, ${price.date}, ${price.source})`,
    };
  if (machine)
    return {
      perQuestion: (seconds * machine.perHour) / 3600,
      basis: `${seconds.toFixed(1)} s at $${machine.perHour} an hour (${machine.name}, ${machine.date}, ${machine.source})`,
    };
  return undefined;
}

/** On this machine; what a provider takes for training is told by `tune` before it begins, and not counted here. */
function trainingPrice({ machine, trainingSeconds }: Means): number {
  return machine && trainingSeconds !== undefined ? (trainingSeconds * machine.perHour) / 3600 : 0;
}

function describeTraining({ trained }: ArmInfo, trainings: number, means: Means): string {
  if (!trained) return '';
  if (!means.machine) return "; the provider's price of training is not counted";
  if (means.trainingSeconds === undefined) return '; training is not counted: how long it takes is not known';
  return `; ${trainings} training${trainings === 1 ? '' : 's'} a month of ${(means.trainingSeconds / 60).toFixed(1)} minutes`;
}
