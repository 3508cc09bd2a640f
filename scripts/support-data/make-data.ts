/**
 * Makes the files of `examples/support`: `documents/` from the invented policies beside this file, `questions.jsonl` and `cases.jsonl` from
 * questions of banking77 (CC BY 4.0). They are committed, so a user never runs this; it is here so that anybody can see how they were made.
 *
 *     node scripts/support-data/make-data.ts ../shared/data
 *
 * Of 24 of banking77's 77 intents, 30 questions each: 22 to train on, 3 for validation, 5 held-out cases. No held-out question is nearly
 * one that is trained on: of each group of nearly equal questions only the first is taken.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { independentGroups } from '../../packages/tandem/src/dataset/independent-groups.ts';
import { findLeakage } from '../../packages/tandem/src/dataset/leakage.ts';
import { createRandom, shuffled } from '../../packages/tandem/src/statistics/random.ts';
import { type Policy, policies } from './policies.ts';

const data = process.argv[2];
if (!data) throw new Error('Say where the data lies: node scripts/support-data/make-data.ts DIR');
const here = join(import.meta.dirname, '../../examples/support');
const counts = { train: 22, validation: 3, cases: 5 };

const idOf = ({ title }: Policy) => title.toLowerCase().replaceAll(' ', '-');
rmSync(join(here, 'documents'), { recursive: true, force: true });
mkdirSync(join(here, 'documents'));
for (const policy of policies) {
  const { title, rule, background } = policy;
  writeFileSync(
    join(here, 'documents', `${idOf(policy)}.md`),
    `---\nid: ${idOf(policy)}\nnote: invented for this example\n---\n\n# ${title}\n\n## Rule\n\n${rule}\n\n## Background\n\n${background}\n`,
  );
}

const rows: { text: string; category: string }[] = parse(readFileSync(join(data, 'banking77', 'train.csv')), {
  columns: true,
});
/** The machine, or the kind of card, that a customer names; the empty text where none is named. */
const namedIn = (question: string) =>
  /\b(?:ATM|cash machine|(?:disposable |virtual |debit |credit |physical )+card)\b/i
    .exec(question)?.[0]
    .toLowerCase() ?? '';

const random = createRandom(77);
const [questions, cases]: [object[], object[]] = [[], []];
const taken = new Set<string>();
for (const policy of policies) {
  const { intent, product, reply } = policy;
  if (intent === undefined || reply === undefined) continue;
  const own = rows
    .filter(({ category }) => category === intent)
    .map(({ text }, at) => ({ id: `${intent}-${at + 1}`, question: text.replace(/\s+/g, ' ').trim() }))
    .filter(({ question }) => question.length <= 160);
  const groups = independentGroups(own);
  const drawn = shuffled(
    own.filter(({ question }, at) => groups.indexOf(groups[at]!) === at && !taken.has(question)),
    random,
  );
  const lineOf = ({ id, question }: (typeof own)[number]) => ({
    id,
    question,
    expected: {
      intent,
      entities: { product, named: namedIn(question) },
      response: [
        'Thank you for writing.',
        ...reply.map((sentence) => `${sentence} [1]`),
        'We are here every day from 7 to 22.',
      ].join(' '),
    },
    source: { documentId: idOf(policy), section: 'Rule' },
  });
  const train = drawn.slice(0, counts.train);
  const apart = drawn.slice(counts.train).filter(
    (one) =>
      findLeakage({
        examples: train.map(({ question }) => ({
          messages: [
            { role: 'user', content: question },
            { role: 'assistant', content: '-' },
          ],
        })),
        cases: [{ ...one, expected: '-' }],
      }).findings.length === 0,
  );
  for (const one of train) questions.push({ split: 'train', ...lineOf(one) });
  for (const one of apart.slice(0, counts.validation))
    questions.push({ split: 'validation', ...lineOf(one) });
  const heldOut = apart.slice(counts.validation, counts.validation + counts.cases);
  if (heldOut.length < counts.cases) throw new Error(`${intent} has only ${heldOut.length} held-out cases.`);
  for (const one of heldOut) cases.push(lineOf(one));
  for (const { question } of drawn) taken.add(question);
}
const jsonl = (lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
writeFileSync(join(here, 'questions.jsonl'), jsonl(questions));
writeFileSync(join(here, 'cases.jsonl'), jsonl(cases));
console.log(`${policies.length} documents, ${questions.length} training questions, ${cases.length} cases.`);
