/**
 * `tandem eval retrieval --chunkers` on a part of MedQuAD: a project of `--documents` documents (those that the questions are about, and others
 * in a scattered order), and as cases the questions that people wrote (`by-hand.jsonl`, `blind.jsonl`) with as many plain train questions again.
 *
 *     node bench/retrieve/chunkers.ts [--documents 600] [--data DIR] [--work DIR]
 *
 * Each way of cutting embeds the documents anew (minutes); --work keeps what was embedded. Prints a Markdown table.
 */
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { evalChunkers } from '../../packages/tandem/src/evaluate/eval-retrieval.ts';
import { openProject } from '../../packages/tandem/src/project/open-project.ts';
import type { Interval } from '../../packages/tandem/src/statistics/index.ts';
import { groupsOf, questionsOf, scattered } from './questions.ts';

const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'medquad'),
    },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-chunkers') },
    documents: { type: 'string', default: '600' },
  },
});
const groups = groupsOf(flags.data);
const written = ['by-hand.jsonl', 'blind.jsonl'].flatMap((file) =>
  questionsOf(import.meta.dirname, file).map((question, at) => ({ ...question, qid: `${file}-${at}` })),
);
const heldOut = new Set(questionsOf(flags.data, 'questions.dev.jsonl').map(({ doc }) => groups[doc]));
const plain = scattered(
  questionsOf(flags.data, 'questions.train.jsonl').filter(({ doc }) => !heldOut.has(groups[doc])),
).slice(0, written.length);
// Ids recur where a document has several questions of one type.
const cases = [...written, ...plain].map((question, at) => ({ ...question, qid: `${question.qid}-${at}` }));
const files = new Map<string, string>();
for (const entry of await readdir(join(flags.data, 'corpus'), { recursive: true }))
  if (entry.endsWith('.md')) files.set(basename(entry, '.md'), entry);
const wanted = new Set(cases.map(({ doc }) => doc));
for (const { doc } of scattered([...files.keys()].map((doc) => ({ qid: '', doc })))) {
  if (wanted.size >= Number(flags.documents)) break;
  wanted.add(doc);
}
await mkdir(join(flags.work, 'documents'), { recursive: true });
for (const doc of wanted)
  await cp(join(flags.data, 'corpus', files.get(doc)!), join(flags.work, 'documents', `${doc}.md`));
await writeFile(
  join(flags.work, 'cases.jsonl'),
  cases
    .map(({ qid, doc, qtype, question }) =>
      JSON.stringify({
        id: qid,
        group: groups[doc],
        question,
        expected: '',
        source: { documentId: doc, section: qtype },
      }),
    )
    .map((line) => `${line}\n`)
    .join(''),
);
const config = { name: 'chunkers', sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }] };
await writeFile(join(flags.work, 'tandem.config.ts'), `export default ${JSON.stringify(config)};\n`);

await using project = await openProject({ directory: flags.work });
const rows = await evalChunkers(project, {
  cases: join(flags.work, 'cases.jsonl'),
  onProgress: ({ stage, done, total }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${stage} ${done}/${total ?? '?'}   `);
  },
});
const cell = ({ value, low, high }: Interval) => `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
console.log(
  `${wanted.size} documents, ${rows[0]!.evaluation.cases} cases of ${rows[0]!.evaluation.groups} groups; load ${loadavg()[0]!.toFixed(1)}\n`,
);
console.log(
  '| chunker | chunks | recall@1 | recall@5 | recall@10 | nDCG@10 | MRR |\n|---|---|---|---|---|---|---|',
);
for (const { strategy, chunks, evaluation } of rows) {
  const { recall, ndcg, mrr } = evaluation;
  const cells = [recall[1]!, recall[5]!, recall[10]!, ndcg, mrr].map(cell);
  console.log(`| ${strategy} | ${chunks} | ${cells.join(' | ')} |`);
}
