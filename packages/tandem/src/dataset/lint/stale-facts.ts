import { TandemError } from '../../core/errors/tandem-error.ts';
import type { Passage } from '../../core/types/document.ts';
import { contentWords } from '../../text/content-words.ts';
import { sentences } from '../../text/sentences.ts';
import { termsOf } from '../../text/terms.ts';
import { tellsAccounts } from './changing-facts/accounts.ts';
import { type ChangingFact, factKinds } from './changing-facts/changing-fact.ts';
import { changingFactsIn, isOfThePast, says } from './changing-facts/find-facts.ts';
import { speaksOfThePast } from './changing-facts/tense.ts';
import { type Check, type Disagreement, excerpt, type Found, type LintContext } from './check.ts';
import { type LintItem, learntReplies, questionOf, shownBefore } from './items.ts';

export const staleFacts: Check = {
  name: 'stale-facts',
  severity: 'warning',
  finds:
    'prices, dates, versions, people in office and words such as "currently" in answers that are learnt by heart: they change, and belong in the sources; where the index says something else, both are shown',
  async find({ items }, context) {
    const found: Found[] = [];
    // A case is not learnt, and what stands in the prompt is read there.
    for (const item of items.filter(({ split }) => split !== 'cases')) {
      context.signal?.throwIfAborted();
      const before = shownBefore(item);
      for (const reply of learntReplies(item)) {
        const facts = changingFactsOf(questionOf(item), reply, context.now).filter(
          ({ start, end }) => !says(before, reply.slice(start, end)),
        );
        if (facts.length > 0) found.push(await describe(item, reply, facts, context));
      }
    }
    return found;
  },
};

function changingFactsOf(question: string, reply: string, now: Date): ChangingFact[] {
  const facts = changingFactsIn(reply, now);
  // What is nothing but an amount, a day or a version is of the time that the question speaks of.
  const isBareReply = isBare(reply, facts);
  const isOfThen = isBareReply && speaksOfThePast(question) && !newest.test(question);
  const isNoPrice = isOfThen || isOfThePast(question, now) || (isBareReply && tellsAccounts(question));
  return facts.filter(({ kind, start, end }) => {
    if (kind === 'price') return !isNoPrice;
    if (kind === 'version') return !isOfThen;
    return !(isOfThen && kind === 'date' && !/\d{4}/.test(reply.slice(start, end)));
  });
}

/** "Which was the last version?" is another one next year. */
const newest = /(?<![\p{L}])(?:last|latest|newest|most recent)(?![\p{L}])/iu;

/** Whether a reply has no words but those of its facts and function words. */
function isBare(reply: string, facts: readonly ChangingFact[]): boolean {
  const rest = facts.reduceRight((text, { start, end }) => text.slice(0, start) + text.slice(end), reply);
  return facts.length > 0 && contentWords(rest).every((word) => !/\p{L}/u.test(word));
}

async function describe(
  item: LintItem,
  reply: string,
  facts: readonly ChangingFact[],
  context: LintContext,
): Promise<Found> {
  const told = facts.map(
    ({ kind, start, end }) => `${factKinds[kind]} ("${excerpt(reply.slice(start, end), 40)}")`,
  );
  const message = `has what changes in a learnt answer: ${[...new Set(told)].slice(0, 4).join(', ')}`;
  try {
    const disagreement = await disagreementOf(item, reply, facts, context);
    return { where: item.where, message, ...(disagreement && { disagreement }) };
  } catch (error) {
    // An index of another embedder, say: the fact stands in the answer all the same.
    if (!TandemError.isInstance(error)) throw error;
    return { where: item.where, message: `${message} (not held against the index: ${error.message})` };
  }
}

/** Of the words of an answer's sentence, so many are in the one that says otherwise. */
const leastShared = 0.5;

/** The index's sentence that is about the same and gives another price, date, version or holder; none where a passage agrees. */
async function disagreementOf(
  item: LintItem,
  reply: string,
  facts: readonly ChangingFact[],
  { retriever, now, signal }: LintContext,
): Promise<Disagreement | undefined> {
  if (!retriever) return undefined;
  const { passages } = await (await retriever()).retrieve(questionOf(item), {
    k: 4,
    ...(signal && { signal }),
  });
  for (const { start, end, kind } of facts) {
    if (kind === 'present') continue;
    const fact = reply.slice(start, end);
    const sentence = sentences(reply).find((span) => span.start <= start && span.end >= end);
    if (!sentence || passages.some(({ text }) => says(text, fact))) continue;
    const said = reply.slice(sentence.start, sentence.end);
    const other = passages
      .flatMap((passage) => otherwise(passage, { said, fact, kind, now }))
      .toSorted((a, b) => b.shared - a.shared)[0];
    if (other) return other.disagreement;
  }
  return undefined;
}

function otherwise(
  passage: Passage,
  { said, fact, kind, now }: { said: string; fact: string; kind: ChangingFact['kind']; now: Date },
): { shared: number; disagreement: Disagreement }[] {
  // Of an office and its holder the office is what both sentences have.
  const about = kind === 'office-holder' ? said : said.replace(fact, ' ');
  const terms = [...new Set(termsOf(about))];
  return sentences(passage.text).flatMap((span) => {
    const indexed = passage.text.slice(span.start, span.end);
    const has = new Set(termsOf(`${passage.prefix ?? ''} ${indexed}`));
    const shared = terms.filter((term) => has.has(term)).length / Math.max(1, terms.length);
    const isOfSameKind = changingFactsIn(indexed, now).some((each) => each.kind === kind);
    if (shared < leastShared || !isOfSameKind) return [];
    const at = { start: passage.start + span.start, end: passage.start + span.end };
    return [{ shared, disagreement: { said, indexed, documentId: passage.documentId, ...at } }];
  });
}
