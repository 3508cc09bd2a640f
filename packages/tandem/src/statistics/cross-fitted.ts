import { sha256 } from '../core/hash.ts';

const folds = 5;

/**
 * Of each item what is predicted by a fit on the others: five times, items of one group together, in the same parts on every machine.
 *
 * @param fit gets the items that are not left out, at least one unless all are of one part, and gives what predicts for those that are
 */
export function crossFitted<Item extends { group: string }, Value>(
  items: readonly Item[],
  fit: (others: Item[]) => (item: Item) => Value,
): Value[] {
  const parts = items.map(({ group }) => Number.parseInt(sha256(group).slice(0, 8), 16) % folds);
  const predicted: Value[] = [];
  for (const part of new Set(parts)) {
    const predict = fit(items.filter((_, at) => parts[at] !== part));
    for (const [at, item] of items.entries()) if (parts[at] === part) predicted[at] = predict(item);
  }
  return predicted;
}
