/**
 * How well retrieval finds what other people ask of other people's documents, beside plain ways of searching.
 *
 *     npm run bench -- retrieve-general [--collections xquad,clapnq] [--half fit|look] [--data DIR] [--work DIR] [--python PYTHON] [--note TEXT] [--signals FILE] [--reranker NAME]
 *
 * For each collection in --data (its README says what they are): Tandem's hybrid search, its searches by meaning and by words alone, their
 * reciprocal rank fusion, BM25 by bm25s on the same chunk texts with the language's stemmer, and the reference: w · cosine + (1 − w) ·
 * BM25 ÷ the best BM25, its w fitted on the collections of the other families. "hybrid, left out" ranks by weights that were fitted without
 * the collection's family (`retrieve-general/left-out.json`, by `fit.ts`). What counts as found is what the collections'
 * own score.py says: hybrid's figures are computed by it too, and a difference is a failure.
 *
 * --half takes the questions of one half of the documents, by hash: `fit` is looked at while changing things, `look` seldom, and each
 * look is recorded in results/general-looks.jsonl with --note. Without it all questions count. --signals writes what was compared,
 * for `fit.ts`. Indexes stay in --work; bm25s is installed there (--python: use that one).
 *
 * --reranker (a name as `retrieve.reranker` has it) adds "hybrid, reranked", with its difference from hybrid; it is a failure where it costs
 * more than it brings: the mean gain in nDCG@10 where it counts under .02, an interval of a collection wholly below 0, or more than 150 ms for
 * the twenty passages of half of the questions. That is no failure of the ranking without it.
 *
 * Exits with 1 where hybrid is worse than a plain search, hardly better than the reference, or a plain search has become worse by more
 * than .01 in nDCG@10 than it was at commit 6da8158 (`retrieve-general/before.json`). TAT-QA's questions on table and text together are
 * printed and not held: only the paragraphs count as found there, and a table that answers as well may come first.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openModels } from '../packages/tandem/src/models/providers.ts';
import { generalRanking, type Ranking } from '../packages/tandem/src/retrieve/fuse/ranking.ts';
import { bootstrapDifference, bootstrapInterval } from '../packages/tandem/src/statistics/index.ts';
import { pythonEnvironment } from './peers/python-environment.ts';
import { collectionsIn, halfOf } from './retrieve-general/collections.ts';
import { isFound } from './retrieve-general/found.ts';
import {
  convex,
  fused,
  gainOf,
  type Measured,
  measure,
  openIndexed,
  placeOf,
  ranked,
} from './retrieve-general/measure.ts';

const { values: flags } = parseArgs({
  options: {
    collections: { type: 'string' },
    half: { type: 'string' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-retrieve-general') },
    python: { type: 'string' },
    note: { type: 'string' },
    signals: { type: 'string' },
    reranker: { type: 'string' },
  },
});
const folder = join(import.meta.dirname, 'retrieve-general');

const wanted = flags.collections?.split(',');
const collections = collectionsIn(flags.data).filter(
  ({ name, family }) => !wanted || wanted.includes(name) || wanted.includes(family),
);
if (collections.length === 0)
  throw new Error(
    `There is no collection in ${flags.data}${wanted ? ` called ${wanted.join(' or ')}` : ''}.`,
  );
mkdirSync(flags.work, { recursive: true });
const python = flags.python ?? pythonEnvironment(flags.work, ['bm25s==0.3.16', 'PyStemmer==3.1.0']);

await using models = await openModels({ reranker: flags.reranker });
const reranker = await models.reranker();
// All collections are measured before anything is printed: the reference of each is fitted on the others.
const measured: Measured[] = [];
for (const [documents, own] of Map.groupBy(collections, (each) => each.documents)) {
  const started = performance.now();
  await using tandem = await openIndexed(own[0]!, flags.work);
  for (const collection of own) {
    const questions = collection.load().filter(({ group }) => !flags.half || halfOf(group) === flags.half);
    if (questions.length > 0) measured.push(await measure(tandem, collection, questions, reranker));
  }
  console.error(
    `${documents.split('/').slice(-2).join('/')}: ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
}
if (flags.signals) writeFileSync(flags.signals, JSON.stringify(measured.map(signalsOf)));

const leftOut: Record<string, Ranking> = JSON.parse(readFileSync(join(folder, 'left-out.json'), 'utf8'));
const before: Record<string, Record<'meaning' | 'words', { first: number; ndcg: number }>> = JSON.parse(
  readFileSync(join(folder, 'before.json'), 'utf8'),
);
const failures: string[] = [];
const gains: number[] = [];
const rerankerGains: number[] = [];
const figures: unknown[] = [];
console.log(
  `Share of questions with a passage that answers among the first 1, 5, 10; nDCG@10. n, 95 % intervals by document.`,
);
for (const each of measured) report(each);
const gain = gains.reduce((sum, value) => sum + value, 0) / gains.length;
if (gains.length > 0) {
  console.log(`\nMean gain in nDCG@10 over the reference where it counts: ${signed(gain)}`);
  // The reference of a few collections is another one.
  if (!wanted && gain < 0.01)
    failures.push(`the mean gain over the reference is ${signed(gain)}, under +.010`);
}
if (reranker) judgeReranker();
if (flags.half === 'look' || flags.note !== undefined)
  appendFileSync(
    join(import.meta.dirname, 'results', 'general-looks.jsonl'),
    `${JSON.stringify({ at: new Date().toISOString(), commit: commit(), half: flags.half ?? 'both', note: flags.note ?? '', ranking: generalRanking, ...(flags.reranker && { reranker: flags.reranker }), figures })}\n`,
  );
for (const failure of failures) console.log(`FAILED: ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

function report(own: Measured): void {
  const { collection, asked } = own;
  const { name, family } = collection;
  const groups = asked.map(({ group }) => group);
  const reference = fitReference(
    measured.filter((other) => other.collection.family !== family && !other.collection.printedOnly),
  );
  const peer = byBm25s(own);
  const ways: Record<string, string[][]> = {
    hybrid: asked.map(({ hybrid }) => hybrid),
    'hybrid, left out': asked.map((one) => ranked(one, leftOut[family] ?? generalRanking, own.separation)),
    meaning: asked.map(({ meaning }) => meaning),
    words: asked.map(({ words }) => words),
    RRF: asked.map(fused),
    bm25s: peer.ids,
    [`reference (w ${reference === undefined ? 'not fitted' : reference.toFixed(2)})`]: asked.map((one) =>
      convex(one, reference ?? 0.5),
    ),
  };
  const places = Object.fromEntries(
    Object.entries(ways).map(([way, lists]) => [
      way,
      lists.map((list, at) => {
        const found = new Set(asked[at]!.candidates.filter(({ isWanted }) => isWanted).map(({ id }) => id));
        return placeOf(list, (id) => found.has(id) || peer.isWanted(at, id));
      }),
    ]),
  );
  console.log(
    `\n${name}: ${asked.length} questions of ${new Set(groups).size} documents, ${own.chunks.length} chunks, ${own.characters.toFixed(0)} characters a passage, separation ${own.separation.toFixed(2)}`,
  );
  const hybrid = places.hybrid!;
  const figure: Record<string, unknown> = { name, n: asked.length, separation: own.separation };
  for (const [way, at] of Object.entries(places)) {
    const share = (k: number) => at.map((place) => Number(place < k));
    const means = [1, 5, 10].map((k) => mean(share(k)));
    const ndcg = mean(at.map(gainOf));
    figure[way.split(' (')[0]!] = [...means, ndcg].map((value) => Number(value.toFixed(4)));
    const differences =
      way === 'hybrid'
        ? ` (nDCG ${interval(bootstrapInterval({ values: hybrid.map(gainOf), groups }, { bounds: [0, 1] })!)})`
        : [1, 10]
            .map((k) => {
              const a = hybrid.map((place) => Number(place < k));
              const b = share(k);
              const difference = bootstrapDifference({ a, b, groups })!;
              if (
                ['meaning', 'words', 'RRF'].includes(way) &&
                asked.length >= 100 &&
                !collection.printedOnly &&
                (difference.high < 0 || difference.value < -0.02)
              )
                failures.push(
                  `${name}: hybrid − ${way} at ${k} is ${signed(difference.value)} ${interval(difference)}`,
                );
              return `  hybrid − it @${k} ${signed(difference.value)} ${interval(difference)}`;
            })
            .join('');
    console.log(
      `  ${way.padEnd(20)} ${means.map((value) => value.toFixed(3)).join(' / ')}  nDCG ${ndcg.toFixed(4)}${differences}`,
    );
  }
  figures.push(figure);
  if (reranker) {
    const withIt = asked.map(({ reranked = [] }, at) => {
      const found = new Set(asked[at]!.candidates.filter(({ isWanted }) => isWanted).map(({ id }) => id));
      return placeOf(reranked, (id) => found.has(id));
    });
    const shares = [1, 5, 10].map((k) => mean(withIt.map((place) => Number(place < k))));
    const ndcg = mean(withIt.map(gainOf));
    const difference = bootstrapDifference({ a: withIt.map(gainOf), b: hybrid.map(gainOf), groups })!;
    console.log(
      `  ${'hybrid, reranked'.padEnd(20)} ${shares.map((value) => value.toFixed(3)).join(' / ')}  nDCG ${ndcg.toFixed(4)}  it − hybrid nDCG ${signed(difference.value)} ${interval(difference)}`,
    );
    figure['hybrid, reranked'] = [...shares, ndcg].map((value) => Number(value.toFixed(4)));
    if (collection.counts) rerankerGains.push(difference.value);
    if (asked.length >= 100 && !collection.printedOnly && difference.high < 0)
      failures.push(
        `${name}: the reranker costs nDCG@10 ${signed(difference.value)} ${interval(difference)}`,
      );
  }
  const judged = byScorePy(own);
  const ours = [
    ...[1, 5, 10].map((k) => mean(hybrid.map((place) => Number(place < k)))),
    mean(hybrid.map(gainOf)),
  ];
  // Its figures have three places.
  if (judged.some((value, at) => Math.abs(value - ours[at]!) > 0.0006))
    failures.push(
      `${name}: score.py says ${judged.join(' / ')} of hybrid, and this bench ${ours.join(' / ')}`,
    );
  const referencePlaces = Object.entries(places).at(-1)![1];
  if (collection.counts && reference !== undefined)
    gains.push(mean(hybrid.map(gainOf)) - mean(referencePlaces.map(gainOf)));
  for (const way of ['meaning', 'words'] as const) {
    const was = before[name]?.[way];
    if (was === undefined || flags.half) continue;
    const now = mean(places[way]!.map(gainOf));
    const first = mean(places[way]!.map((place) => Number(place < 1)));
    const change = `${way} alone: first ${was.first.toFixed(3)} → ${first.toFixed(3)}, nDCG ${was.ndcg.toFixed(3)} → ${now.toFixed(3)}`;
    console.log(`  since 6da8158, ${change}`);
    if (now < was.ndcg - 0.01 && name !== 'tatqa/table-text') failures.push(`${name}: fallen, ${change}`);
  }
}

/** What the reranker brings, over all that was measured, and how long it takes. */
function judgeReranker(): void {
  const times = measured.flatMap(({ reranking }) => reranking).sort((a, b) => a - b);
  const [half, most] = [0.5, 0.95].map((share) => times[Math.floor(share * times.length)] ?? 0);
  const gained = mean(rerankerGains);
  console.log(
    `\n${flags.reranker}: mean gain in nDCG@10 where it counts ${signed(gained)}; ${half!.toFixed(0)} ms for a question's passages (p50), ${most!.toFixed(0)} (p95)`,
  );
  if (!wanted && gained < 0.02)
    failures.push(`the reranker's mean gain is ${signed(gained)}, under +.020: it stays off`);
  if (half! > 150) failures.push(`the reranker takes ${half!.toFixed(0)} ms (p50), over 150`);
}

/** The w whose nDCG@10, averaged over families, is best. */
function fitReference(others: readonly Measured[]): number | undefined {
  const families = [...Map.groupBy(others, ({ collection }) => collection.family).values()];
  if (families.length === 0) return undefined;
  const tried = Array.from({ length: 19 }, (_, at) => (at + 1) / 20).map((w) => ({
    w,
    value: mean(
      families.map((own) =>
        mean(own.map(({ asked }) => mean(asked.map((one) => gainAt(one, convex(one, w)))))),
      ),
    ),
  }));
  return tried.reduce((best, one) => (one.value > best.value ? one : best)).w;
}

function gainAt(asked: Measured['asked'][number], ids: readonly string[]): number {
  const found = new Set(asked.candidates.filter(({ isWanted }) => isWanted).map(({ id }) => id));
  return gainOf(placeOf(ids, (id) => found.has(id)));
}

function byBm25s({ collection, questions, asked, chunks }: Measured) {
  const names: Record<string, string> = {
    en: 'english',
    es: 'spanish',
    hi: 'hindi',
    ru: 'russian',
    th: 'thai',
    tr: 'turkish',
  };
  const found: number[][] = JSON.parse(
    execFileSync(python, [join(folder, 'bm25s_peer.py')], {
      input: JSON.stringify({
        chunks: chunks.map(({ text }) => text),
        questions: asked.map(({ searched }) => searched),
        language: names[collection.language],
      }),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    }),
  );
  const byId = new Map(chunks.map((chunk) => [chunk.id, chunk]));
  return {
    ids: found.map((list) => list.map((at) => chunks[at]!.id)),
    isWanted: (at: number, id: string) => isFound(byId.get(id)!, questions[at]!),
  };
}

/** What the collections' own program says of hybrid: the shares at 1, 5 and 10, and nDCG@10. */
function byScorePy({ questions, asked, chunks }: Measured): number[] {
  const byId = new Map(chunks.map(({ id, uri, text }) => [id, { uri, text }]));
  const files = ['questions', 'results'].map((name) => join(flags.work, `${name}.jsonl`)) as [string, string];
  const results = asked.map(({ id, hybrid }) => ({ id, passages: hybrid.map((one) => byId.get(one)!) }));
  for (const [at, lines] of [questions, results].entries())
    writeFileSync(files[at]!, lines.map((line) => JSON.stringify(line)).join('\n'));
  const told = execFileSync('python3', ['-B', join(flags.data, 'score.py'), ...files], { encoding: 'utf8' });
  const summary: Record<string, number> = JSON.parse(told);
  return ['s@1', 's@5', 's@10', 'ndcg@10'].map((figure) => summary[figure]!);
}

/** What `fit.ts` reads. */
function signalsOf({ collection: { name, family, printedOnly }, separation, asked }: Measured) {
  return {
    name,
    family,
    printedOnly,
    separation,
    questions: asked.map(({ id, group, candidates }) => ({
      id,
      half: halfOf(group),
      wanted: candidates.map(({ isWanted }) => Number(isWanted)),
      signals: candidates.map(({ signals }) =>
        Object.values(signals).map((value) => Number(value.toFixed(5))),
      ),
    })),
  };
}

function commit(): string {
  return execFileSync('git', ['describe', '--always', '--dirty=+'], { encoding: 'utf8' }).trim();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3).replace(/^0/, '')}`;
}

function interval({ low, high }: { low: number; high: number }): string {
  return `(${signed(low)} to ${signed(high)})`;
}
