/** Batches for training with in-batch negatives: a text that is a negative for a query must not be right for it. */
import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import { seededRandom } from '../graph/seeded-random.ts';

/** A query, a text that answers it, and texts that look as if they did but do not. */
export interface EmbedderPair {
  query: string;
  positive: string;
  negatives?: readonly string[];
}

const pairForm = 'Give each pair as { query, positive, negatives? }, all of them texts.';

/**
 * Checks pairs. @throws InvalidExampleError for one that has no texts, an empty text, or a negative that is a positive
 * of the same query.
 */
export function checkPairs(pairs: readonly EmbedderPair[], what: string): void {
  const fail = (index: number, problem: string, hint: string) => {
    throw new InvalidExampleError({ index, message: `${what} ${index} ${problem}.`, hint });
  };
  for (const [index, pair] of pairs.entries()) {
    const { query, positive, negatives = [] } = pair ?? {};
    for (const [name, text] of Object.entries({ query, positive })) {
      if (typeof text !== 'string') fail(index, `has no text as its ${name}`, pairForm);
    }
    if (!Array.isArray(negatives) || negatives.some((text) => typeof text !== 'string')) {
      fail(index, 'has negatives that are no list of texts', pairForm);
    }
  }
  const positives = positivesByQuery(pairs);
  for (const [index, { query, positive, negatives = [] }] of pairs.entries()) {
    if ([query, positive, ...negatives].some((text) => textKey(text) === '')) {
      fail(index, 'has an empty text', 'Remove it, or give its query, positive and negatives some words.');
    }
    const wrong = negatives.find((text) => positives.get(textKey(query))!.has(textKey(text)));
    if (wrong !== undefined) {
      fail(
        index,
        `names "${wrong.slice(0, 60)}" as a negative, which is a positive of the same query`,
        'Remove it from the negatives.',
      );
    }
  }
}

/**
 * The batches of one epoch, as indexes in `pairs`, in an order that depends only on pairs, seed and epoch. In a batch,
 * no candidate (positive or negative) of one pair is anywhere in `pairs` a positive of another pair's query: it would
 * be punished for being right. A pair that does not fit into a batch waits for the next. At the end batches may be
 * smaller. A pair that is left alone and has no negatives is left out of this epoch, because there is nothing to tell
 * it apart from.
 */
export function contrastiveBatches(
  pairs: readonly EmbedderPair[],
  batchSize: number,
  seed: number,
  epoch: number,
): number[][] {
  const positives = positivesByQuery(pairs);
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) + epoch * 7919);
  const order = [...pairs.keys()];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  const keyed = pairs.map(({ query, positive, negatives = [] }) => ({
    own: positives.get(textKey(query))!,
    offered: [positive, ...negatives].map(textKey),
  }));
  const batches: number[][] = [];
  let waiting = order;
  while (waiting.length > 0) {
    const batch: number[] = [];
    const candidates = new Set<string>();
    const right = new Set<string>();
    const later: number[] = [];
    for (const index of waiting) {
      const { own, offered } = keyed[index]!;
      const fits =
        batch.length < batchSize &&
        !offered.some((text) => right.has(text)) &&
        ![...own].some((text) => candidates.has(text));
      if (!fits) {
        later.push(index);
        continue;
      }
      batch.push(index);
      for (const text of offered) candidates.add(text);
      for (const text of own) right.add(text);
    }
    waiting = later;
    if (batch.length > 1 || pairs[batch[0]!]!.negatives?.length) batches.push(batch);
  }
  return batches;
}

/** The keys of all positives that a query has, by the query's key. See {@link textKey}. */
export function positivesByQuery(pairs: readonly EmbedderPair[]): Map<string, Set<string>> {
  const positives = new Map<string, Set<string>>();
  for (const { query, positive } of pairs) {
    const known = positives.get(textKey(query));
    if (known) known.add(textKey(positive));
    else positives.set(textKey(query), new Set([textKey(positive)]));
  }
  return positives;
}

/**
 * What texts are compared by: those that differ only in case and white space are equal, because an uncased model cannot
 * tell them apart.
 */
export function textKey(text: string): string {
  return text.trim().replace(/\s+/g, ' ').toLowerCase();
}
