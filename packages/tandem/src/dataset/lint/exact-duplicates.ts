import type { Check, Found } from './check.ts';
import { type LintItem, sameText } from './items.ts';

export const exactDuplicates: Check = {
  name: 'exact-duplicates',
  severity: 'warning',
  finds: 'entries that are word for word the same, which a model learns twice as hard',
  find: ({ items }) => repeatedItems(items).map(describe),
};

/** Each item that says the same as an earlier one, with the first of them; between splits it is leakage, too. */
export function repeatedItems(items: readonly LintItem[]): { item: LintItem; first: LintItem }[] {
  const first = new Map<string, LintItem>();
  return items.flatMap((item) => {
    const key = wordsOf(item);
    const known = first.get(key);
    if (!known) first.set(key, item);
    return known ? [{ item, first: known }] : [];
  });
}

function wordsOf({ messages }: LintItem): string {
  return JSON.stringify(messages.map(({ role, text, isLearnt }) => [role, sameText(text), isLearnt]));
}

function describe({ item, first }: { item: LintItem; first: LintItem }): Found {
  return {
    where: item.where,
    message: `is the same as ${first.where}`,
    ...(isAcross(item, first) && { severity: 'error' }),
  };
}

/** Whether one of two is trained on while the other is held out. */
export function isAcross(a: Pick<LintItem, 'split'>, b: Pick<LintItem, 'split'>): boolean {
  return (a.split === 'train') !== (b.split === 'train');
}
