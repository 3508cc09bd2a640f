/**
 * How the last question of a conversation is best searched: nDCG@5 on the tasks of MTRAG-UN's half that name passages, all passages pooled.
 *
 *     npm run bench -- conversations [--model REFERENCE] [--data DIR] [--work DIR]
 *
 *     last turn        the question alone
 *     user's turns     all that the user said, joined
 *     all turns        all that was said, joined
 *     Tandem           what the question takes over from the turns before, without a language model (`carryOver`)
 *     with a model     the same model writes a standalone question (`rewriteWithModel`); only with --model
 *
 * Differences to the last turn alone, with 95 % intervals by conversation. Exits with 1 where Tandem is worse than the last turn alone.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { signed } from '../packages/tandem/src/evaluate/retrieval-difference.ts';
import { createTandem } from '../packages/tandem/src/index.ts';
import { rewriteWithModel, type Turn } from '../packages/tandem/src/retrieve/conversation.ts';
import { discountedGain, intervalOfDifference } from '../packages/tandem/src/statistics/index.ts';
import { mean } from './data/mean.ts';
import { collectionsIn } from './retrieve-general/collections.ts';
import { isFound } from './retrieve-general/found.ts';
import { openIndexed } from './retrieve-general/measure.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-conversations') },
    model: { type: 'string' },
  },
});
const depth = 5;
const collection = collectionsIn(flags.data).find(({ name }) => name === 'mtrag-un/conversation');
if (!collection) throw new Error(`There is no mtrag-un in ${flags.data}.`);
await using tandem = await openIndexed(collection, flags.work);
await using writer = flags.model ? await createTandem({ chat: flags.model }) : undefined;
const rewrite = writer && rewriteWithModel(await writer.models.chat());
const retriever = await tandem.retriever();
// The first question of a conversation has nothing before it.
const tasks = collection.load().filter(({ turns = [] }) => turns.length > 0);

const ways: Record<
  string,
  (question: string, turns: readonly Turn[]) => Promise<{ uri: string; text: string }[]>
> = {
  'last turn': (question) => search(question),
  "user's turns": (question, turns) =>
    search(
      [...turns.filter(({ role }) => role === 'user').map(({ content }) => content), question].join('\n'),
    ),
  'all turns': (question, turns) => search([...turns.map(({ content }) => content), question].join('\n')),
  Tandem: (question, turns) => search(question, turns),
  ...(rewrite && {
    'with a model': async (question, turns) => search(await rewrite(question, turns, {})),
  }),
};

const gains = new Map<string, number[]>();
for (const [name, find] of Object.entries(ways)) {
  const own: number[] = [];
  for (const { question, turns = [], ...wanted } of tasks) {
    const passages = await find(question, turns);
    own.push(
      normalisedGain(
        passages.map(
          (passage, at) =>
            // Of a document that was cut in two the first half counts.
            isFound(passage, wanted) && passages.findIndex(({ uri }) => uri === passage.uri) === at,
        ),
        wanted.documents!.length,
      ),
    );
  }
  gains.set(name, own);
}

console.log(`mtrag-un, ${tasks.length} tasks with passages and turns before: nDCG@${depth}`);
console.log('| searched by | nDCG@5 | against the last turn alone (95 %) |\n|---|---|---|');
const last = gains.get('last turn')!;
const groups = tasks.map(({ group }) => group);
for (const [name, own] of gains) {
  const { low, high } = intervalOfDifference({ a: own, b: last, groups })!;
  const difference =
    name === 'last turn' ? '' : `${signed(mean(own) - mean(last))} (${signed(low)} to ${signed(high)})`;
  console.log(`| ${name} | ${mean(own).toFixed(3)} | ${difference} |`);
}
if (mean(gains.get('Tandem')!) < mean(last)) process.exitCode = 1;

async function search(question: string, turns?: readonly Turn[]) {
  const { passages } = await retriever.retrieve(question, { k: depth, ...(turns && { turns }) });
  return passages;
}

/** Of the ranking, by the best that there could be. */
function normalisedGain(found: readonly boolean[], wanted: number): number {
  const gain = (at: number) => discountedGain(at + 1);
  const best = Array.from({ length: Math.min(depth, wanted) }, (_, at) => gain(at));
  const own = found.reduce((sum, is, at) => sum + (is ? gain(at) : 0), 0);
  return own / best.reduce((sum, value) => sum + value, 0);
}
