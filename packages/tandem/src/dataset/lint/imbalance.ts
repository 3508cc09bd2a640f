import { withoutMarkers } from '../../answer/citations.ts';
import { valueAt } from '../../answer/structured-output.ts';
import { counted } from '../../core/counted.ts';
import { listed } from '../../core/listed.ts';
import type { Settings } from '../../core/settings.ts';
import { wordsOf } from '../../text/words.ts';
import type { Check, Found } from './check.ts';
import { type LintItem, learntReplies, sameText } from './items.ts';

export const imbalance: Check = {
  name: 'imbalance',
  severity: 'warning',
  finds: 'files in which one label, one group or the refusal takes up so much that the rest is hardly learnt',
  find: ({ items }, { settings }) =>
    [...Map.groupBy(items, ({ file }) => file)].flatMap(([file, own]) => [
      ...labelsOf(file, own, settings),
      ...refusalsOf(file, own, settings),
      ...groupsOf(file, own),
    ]),
};

/** Fewer entries show no shares. */
const leastItems = 40;
/** A label is rare with less than so much of what the most frequent one has, and dominant with more than so much of all. */
const rare = 0.1;
const dominant = 0.7;

/** Where replies are few different ones and short, they are labels; in a project that asks for JSON the compared fields are. */
function labelsOf(file: string, items: readonly LintItem[], settings: Settings): Found[] {
  const { output } = settings.answer;
  const fields = (output?.compareFields ?? []).map(({ path }) => path);
  const readings = [
    ...fields.map((path) => ({
      called: `\`${path}\``,
      labels: items.flatMap((item) => fieldOf(item, path)),
    })),
    { called: 'reply', labels: items.flatMap(learntReplies).map(sameText) },
  ];
  return readings.flatMap(({ called, labels }) => {
    const counts = countOf(labels);
    if (labels.length < leastItems || counts.size < 2 || counts.size > labels.length / 5) return [];
    if (called === 'reply' && labels.some((label) => wordsOf(label).length > 6)) return [];
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    const [label, most] = sorted[0]!;
    const few = sorted.filter(([, count]) => count < rare * most);
    const found: Found[] = [];
    if (few.length > 0)
      found.push({
        where: file,
        message: `of ${counted(counts.size, `${called} label`)} ${few.length === 1 ? 'one has' : `${few.length} have`} less than a tenth of the examples of the most frequent (${most} of "${label}"): ${listed(few.slice(0, 5).map(([name, count]) => `"${name}" ${count}`))}${few.length > 5 ? ' …' : ''}`,
      });
    if (counts.size > 2 ? most > dominant * labels.length : most > 0.9 * labels.length)
      found.push({
        where: file,
        message: `${Math.round((100 * most) / labels.length)} % of the ${called} labels are "${label}"`,
      });
    return found;
  });
}

function fieldOf(item: LintItem, path: string): string[] {
  return learntReplies(item).flatMap((reply) => {
    try {
      const value = valueAt(JSON.parse(reply), path);
      return value === undefined || value === null ? [] : [String(value)];
    } catch {
      return [];
    }
  });
}

function refusalsOf(file: string, items: readonly LintItem[], { answer, dataset }: Settings): Found[] {
  const replies = items.filter(({ split }) => split === 'train').flatMap(learntReplies);
  const refusals = replies.filter((reply) => withoutMarkers(reply) === answer.notInSources.trim()).length;
  if (replies.length < leastItems || refusals <= dataset.mostRefusals * replies.length) return [];
  const share = Math.round((100 * refusals) / replies.length);
  return [
    {
      where: file,
      message: `${refusals} of ${replies.length} replies (${share} %) say that the sources do not have the answer, more than ${Math.round(100 * dataset.mostRefusals)} %`,
    },
  ];
}

/** A quarter of all examples about one thing are too many, where there are things enough. */
function groupsOf(file: string, items: readonly LintItem[]): Found[] {
  const groups = items.flatMap(({ group }) => group ?? []);
  const counts = countOf(groups);
  if (groups.length < leastItems || counts.size < 8) return [];
  const [name, most] = [...counts].sort((a, b) => b[1] - a[1])[0]!;
  if (most <= items.length / 4) return [];
  return [
    {
      where: file,
      message: `${most} of ${items.length} entries (${Math.round((100 * most) / items.length)} %) are of one group, "${name}"`,
    },
  ];
}

function countOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
