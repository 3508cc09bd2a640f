/**
 * What a trained adapter has learnt, on validation questions only (held-out cases are never looked at here): does it spell out
 * the glossary's words in a search query, and how does hybrid answer, by how the question names the condition. For choosing the
 * mix of training examples and the form of prompts.
 *
 *     node bench/validation.ts [--project DIR] [--adapter ID] [--questions 60] [--show 8]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAnswerer } from '../packages/tandem/src/answer/answerer.ts';
import { findAdapter } from '../packages/tandem/src/answer/find-adapter.ts';
import { buildRewriteMessages } from '../packages/tandem/src/answer/prompt.ts';
import { valueAt } from '../packages/tandem/src/answer/structured-output.ts';
import { glossaryEntries, trainingQuestions } from '../packages/tandem/src/dataset/build-dataset.ts';
import { createMetrics } from '../packages/tandem/src/evaluate/metrics/index.ts';
import { openProject } from '../packages/tandem/src/project/index.ts';
import { createRandom, shuffled } from '../packages/tandem/src/statistics/random.ts';

const { values: flags } = parseArgs({
  options: {
    project: { type: 'string', default: join(import.meta.dirname, '..', 'examples', 'clinic') },
    adapter: { type: 'string' },
    questions: { type: 'string', default: '60' },
    show: { type: 'string', default: '8' },
    seed: { type: 'string', default: '5' },
  },
});
const show = Number(flags.show);
const random = createRandom(Number(flags.seed));
await using project = await openProject({ directory: flags.project });
const { adapter, file } = await findAdapter(project, flags.adapter);
const chat = await project.models.chat();
console.log(`Adapter ${adapter.id}, validation questions only.`);

const all = await trainingQuestions(project);
const validation = all.filter(({ split, expected, source }) => split === 'validation' && expected && source);
const condition = (question: (typeof all)[number]) =>
  String(valueAt(question.expected, 'entities.condition') ?? '');
const plain = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
const percent = (part: number, whole: number) =>
  `${Math.round((100 * part) / Math.max(1, whole))} %`.padStart(5);

// --- Spelling out: validation wordings with the condition replaced by a glossary word ---------------------------------

const composed = new Set(
  all.filter(({ expected }) => expected === undefined).map(({ id }) => id.split('-')[0]),
);
const carriers = validation.flatMap((question) =>
  (question.wordings ?? [])
    .filter(({ question: text }) => text.includes(condition(question)))
    .map(({ question: text }) => ({
      text,
      name: condition(question),
      intent: String(valueAt(question.expected, 'intent')),
    })),
);
const tally = new Map<string, { asked: number; spelled: number; intent: number; kept: number }>();
const misses: string[] = [];
const rewrite = async (text: string) => {
  const result = await chat.doGenerate({
    prompt: buildRewriteMessages(text, project.config.answer).map((message) =>
      message.role === 'system'
        ? { role: 'system' as const, content: message.content }
        : { role: 'user' as const, content: [{ type: 'text' as const, text: message.content }] },
    ),
    maxOutputTokens: 48,
    temperature: 0,
    providerOptions: { tandem: { adapter: { path: file } } },
  });
  return result.content
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
    .split('\n')[0]!
    .trim();
};
for (const { abbreviation, longForm } of await glossaryEntries(project)) {
  const kind = composed.has(abbreviation.split('-')[0]!) ? 'seen in questions' : 'seen as a pair only';
  const row = tally.get(kind) ?? { asked: 0, spelled: 0, intent: 0, kept: 0 };
  tally.set(kind, row);
  const count = kind === 'seen as a pair only' ? 4 : 1;
  for (const { text, name, intent } of shuffled(carriers, random).slice(0, count)) {
    const written = await rewrite(text.replaceAll(name, abbreviation));
    row.asked += 1;
    const spelled = plain(written).includes(plain(longForm));
    if (spelled) row.spelled += 1;
    else misses.push(`${text.replaceAll(name, abbreviation)} → ${written} (not ${longForm})`);
    if (plain(written).endsWith(plain(intent))) row.intent += 1;
  }
}
console.log('\nSearch query written for a glossary word in a validation wording:');
for (const [kind, { asked, spelled, intent }] of tally)
  console.log(
    `  ${kind.padEnd(20)} spelled out ${percent(spelled, asked)}, intent ${percent(intent, asked)}, n = ${asked}`,
  );
for (const line of shuffled(misses, random).slice(0, show)) console.log(`    ${line}`);

// --- Hybrid's answers -------------------------------------------------------------------------------------------------

const kindOf = (question: (typeof all)[number], wording: { question: string; withoutPassage?: unknown }) =>
  wording.withoutPassage !== undefined
    ? 'abbreviation'
    : wording.question.includes(condition(question))
      ? 'plain'
      : 'glossary word';
const byKind = Map.groupBy(
  validation.flatMap((question) =>
    (question.wordings ?? []).map((wording) => ({ question, wording, kind: kindOf(question, wording) })),
  ),
  ({ kind }) => kind,
);
const answerer = await createAnswerer(project, { arm: 'hybrid', adapterId: adapter.id });
const metrics = createMetrics(project.config.answer);
const arm = {
  name: 'hybrid',
  label: 'hybrid',
  description: '',
  reference: false,
  retrieves: true,
  trained: true,
};
for (const [kind, list] of byKind) {
  const pool = shuffled(list, random);
  // Each question once before any twice.
  const seen = new Set<string>();
  const once = pool.filter(({ question }) => !seen.has(question.id) && seen.add(question.id));
  const asked = [...once, ...pool.filter((item) => !once.includes(item))].slice(
    0,
    Number(flags.questions) / 3,
  );
  const sums = new Map<string, { sum: number; n: number }>();
  const wrong: string[] = [];
  for (const { question, wording } of asked) {
    const answer = await answerer.answer(wording.question);
    const testCase = { ...question, question: wording.question, expected: question.expected! };
    for (const metric of metrics) {
      const score = metric.value({ answer, testCase, arm });
      if (metric.pass === 'latency' || score === undefined) continue;
      const entry = sums.get(metric.name) ?? { sum: 0, n: 0 };
      sums.set(metric.name, { sum: entry.sum + score, n: entry.n + 1 });
    }
    const given = valueAt(answer.output, 'entities.condition');
    if (plain(String(given)) !== plain(condition(question)))
      wrong.push(
        `${wording.question} → ${given} (not ${condition(question)}; searched: ${answer.searchQuery})`,
      );
  }
  console.log(`\nhybrid, ${kind}, n = ${asked.length}`);
  for (const [name, { sum, n }] of sums) console.log(`  ${name.padEnd(34)} ${(sum / n).toFixed(2)} (${n})`);
  for (const line of wrong.slice(0, show)) console.log(`    ${line}`);
}
