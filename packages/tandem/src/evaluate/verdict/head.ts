import { listed } from '../../core/listed.ts';
import type { ArmInfo } from '../arm.ts';
import type { Slice } from '../comparison-result.ts';
import { formatDifference, formatInterval } from '../format.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import type { VerdictTable } from './verdict-table.ts';
import { describeValues, labels } from './wording.ts';

/** How a head does on the fields that it answers with, beside the models that it could stand for. */
interface HeadStanding {
  head: ArmInfo;
  fields: { metric: MetricInfo; models: ArmInfo[]; worseThan: ArmInfo[]; ruledOut: boolean }[];
  /** On no field shown worse than any of them, and a loss worth having is ruled out by every interval. */
  isEnough: boolean;
}

/**
 * Whether a head does what a model was trained for: "not shown worse" alone would favour it where cases are few, so the interval of the
 * difference must also stay above the loss that counts as worth having.
 */
function standingOf(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): HeadStanding | undefined {
  const { metrics, worthHaving } = table.result;
  const head = table.result.arms.find((arm) => arm.answersOnly !== undefined);
  if (!head) return undefined;
  const others = arms.filter((arm) => arm !== head);
  const trained = others.filter((arm) => arm.trained);
  const models = trained.length > 0 ? trained : others;
  const fields = metrics
    .filter(({ id }) => id.startsWith('field:'))
    .flatMap((metric) => {
      const compared = models.filter((model) => table.advantage(slice, head, model, metric));
      if (compared.length === 0) return [];
      return [
        {
          metric,
          models: compared,
          worseThan: compared.filter((model) => table.beats(slice, model, head, metric)),
          ruledOut: compared.every(
            (model) => table.advantage(slice, head, model, metric)!.low > -worthHaving,
          ),
        },
      ];
    });
  if (fields.length === 0) return undefined;
  const isEnough = fields.every(({ worseThan, ruledOut }) => worseThan.length === 0 && ruledOut);
  return { head, fields, isEnough };
}

/** One sentence for the headline where a head is enough for its fields; empty elsewhere. */
export function headSentence(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): string {
  const standing = standingOf(table, slice, arms);
  if (!standing?.isEnough) return '';
  const { head, fields } = standing;
  const values = fields
    .map(
      ({ metric, models }) =>
        `${metric.name}: ${describeValues(table, slice, [head, ...models], true, metric)}`,
    )
    .join('; ');
  return head.reference
    ? `If ${namesOf(fields)} is all that you need, train a head, not a model (${values}).`
    : `The cases ask for nothing that a head cannot answer: train a head, not a model (${values}).`;
}

/** The same with every difference, and with what speaks against it. */
export function headReason(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): string {
  const standing = standingOf(table, slice, arms);
  if (!standing) return '';
  const { head, fields, isEnough } = standing;
  const worthHaving = formatDifference(table.result.worthHaving, 'share');
  const lines = fields.map(({ metric, models, worseThan, ruledOut }) => {
    const differences = models.map((model) => {
      const advantage = table.advantage(slice, head, model, metric)!;
      const { by } = advantage;
      return `${by >= 0 ? '+' : '−'}${formatDifference(Math.abs(by), metric.unit)} against ${model.label} (95 % interval ${formatInterval(advantage, metric.unit)})`;
    });
    const judged =
      worseThan.length > 0
        ? `it is worse than ${labels(worseThan)}`
        : ruledOut
          ? `it is not shown to be worse, and a loss of ${worthHaving} is ruled out`
          : `it is not shown to be worse, but these cases cannot rule out a loss of ${worthHaving}`;
    return `${metric.name}: head ${describeValues(table, slice, [head], false, metric)}; ${differences.join(', ')}: ${judged}.`;
  });
  const all = head.reference
    ? 'It gives no other field and no text, so it stands here as a yardstick for these alone.'
    : 'These cases ask for nothing else, so it stands here as an arm.';
  return [
    ...lines,
    `A head is trained in seconds and asks no language model. ${all}`,
    ...(isEnough ? [`Where ${namesOf(fields)} is all that is asked for, train a head, not a model.`] : []),
  ].join(' ');
}

/** `Intent right` is a metric; what is needed is the intent. */
const namesOf = (fields: HeadStanding['fields']) => listed(fields.map(({ metric }) => `“${metric.name}”`));
