/**
 * Chunks a second of the embedder against what a user would take instead: sentence-transformers in float32 and bfloat16, and
 * transformers.js. Real chunks of MedQuAD at their real lengths.
 *
 *     node bench/embed.ts MODEL_FOLDER [--chunks 300] [--rounds 3] [--quality 500] [--rows tandem,tandem-int8,st-fp32,st-bf16,transformersjs]
 *                         [--data DIR] [--work DIR] [--python PYTHON]
 *
 * The rows take turns in each round, each in a process of its own; a ratio compares rows of one round. Makes its own Python
 * environment and installs transformers.js in --work at the first run (--python: use that one; it needs what `requirements`
 * names). What int8 costs is measured too: nDCG@10 of dense search for held-out questions among the documents that answer them
 * (`--quality` questions; 0 leaves it out). Writes `results/embed.json`; exits with 1 where a floor is missed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BertEncoder } from '@tandem/nn';
import { createRandom, shuffled } from '../packages/tandem/src/statistics/random.ts';
import { mean } from './data/mean.ts';
import { jsonLines } from './peers/json-lines.ts';
import { pythonEnvironment } from './peers/python-environment.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    chunks: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
    quality: { type: 'string', default: '500' },
    rows: { type: 'string', default: 'tandem,tandem-int8,st-fp32,st-bf16,transformersjs' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-embed') },
    python: { type: 'string' },
    /** Set for the processes that this one starts. */
    job: { type: 'string' },
  },
});

interface Job {
  row: string;
  directory: string;
  texts: string[];
  threads: number;
  work: string;
}

const requirements = [
  'torch==2.13.0',
  'transformers==5.23.0',
  'sentence-transformers==6.2.0',
  'onnx==1.23.2',
  'onnxscript==0.7.2',
];
const transformersJs = '@huggingface/transformers@3.8.1';
const threads = 2;
const peer = join(import.meta.dirname, 'embed_peer.py');

if (flags.job !== undefined) await ownSide(JSON.parse(readFileSync(flags.job, 'utf8')));
else await main(positionals[0]);

/** One of Tandem's rows, in a process of its own. Prints chunks and seconds. */
async function ownSide({ row, directory, texts, threads: count }: Job): Promise<void> {
  const precision = row === 'tandem-int8' ? 'int8' : 'float32';
  await using encoder = await BertEncoder.load({ directory, threads: count, precision });
  await encoder.embed(texts.slice(0, 8));
  const from = performance.now();
  await encoder.embed(texts);
  console.log(JSON.stringify({ chunks: texts.length, seconds: (performance.now() - from) / 1000 }));
}

async function main(directory: string | undefined): Promise<void> {
  if (!directory) {
    console.error('Give the folder of a sentence-transformers model: node bench/embed.ts MODEL_FOLDER');
    process.exitCode = 2;
    return;
  }
  if (!existsSync(flags.data)) {
    console.log(`Skipped: there is no MedQuAD data at ${flags.data} (--data says where it is).`);
    return;
  }
  mkdirSync(flags.work, { recursive: true });
  const rows = flags.rows.split(',');
  const python = flags.python ?? pythonEnvironment(flags.work, requirements);
  if (rows.includes('transformersjs')) await prepareTransformersJs(python, directory);

  await using encoder = await BertEncoder.load({ directory, threads });
  const sections = shuffled(sectionsOf(documents()), createRandom(3));
  const texts = sections
    .slice(0, Number(flags.chunks))
    .map(({ text }) => text.slice(0, encoder.encode(text).offsets?.[encoder.maxTextTokens - 1]?.[1]));
  const tokens = texts.map((text) => encoder.countTokens(text)).sort((a, b) => a - b);
  console.log(
    `${texts.length} chunks of ${tokens[0]} to ${tokens.at(-1)} tokens (median ${tokens[tokens.length >> 1]}), ${flags.rounds} rounds; load before ${loadavg()[0]!.toFixed(2)}.`,
  );
  const speeds = new Map<string, number[]>(rows.map((row) => [row, []]));
  const file = join(flags.work, 'job.json');
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const row of rows.map((_, at) => rows[(at + round) % rows.length]!)) {
      writeFileSync(file, JSON.stringify({ row, directory, texts, threads, work: flags.work } satisfies Job));
      const lines = await (row.startsWith('st-')
        ? jsonLines(python, [peer, 'run', file])
        : row === 'transformersjs'
          ? jsonLines(process.execPath, [join(import.meta.dirname, 'embed_peer.mts'), file])
          : jsonLines(process.execPath, [fileURLToPath(import.meta.url), '--job', file]));
      const { chunks, seconds } = lines.at(-1) as { chunks: number; seconds: number };
      speeds.get(row)!.push(chunks / seconds);
      console.log(
        `  round ${round + 1} ${row.padEnd(16)} ${(chunks / seconds).toFixed(1).padStart(6)} chunks/s`,
      );
    }
  }
  const verdicts = [
    ratio(speeds, 'tandem', 'st-fp32', 1.3, 2),
    ratio(speeds, 'tandem', 'transformersjs', 1.3, 2),
    ratio(speeds, 'tandem-int8', 'st-bf16', 1.3, 2.5),
    ...(Number(flags.quality) > 0 && rows.includes('tandem-int8') ? [await quality(directory, encoder)] : []),
  ].filter((verdict) => verdict !== undefined);
  for (const { name, value, low, high, floor, aim, passed } of verdicts) {
    if (!passed) process.exitCode = 1;
    console.log(
      `${name}: ${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}); at least ${floor}, aim ${aim}: ${passed ? 'reached' : 'MISSED'}`,
    );
  }
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(
    join(results, 'embed.json'),
    `${JSON.stringify(
      {
        at: new Date().toISOString(),
        machine: {
          cpu: cpus()[0]?.model,
          cores: cpus().length,
          memoryBytes: totalmem(),
          node: process.version,
        },
        peers: [...requirements, transformersJs],
        threads,
        chunks: texts.length,
        tokens: { shortest: tokens[0], median: tokens[tokens.length >> 1], longest: tokens.at(-1) },
        chunksPerSecond: Object.fromEntries(speeds),
        verdicts,
      },
      null,
      1,
    )}\n`,
  );
}

interface Verdict {
  name: string;
  value: number;
  low: number;
  high: number;
  floor: number;
  aim: number;
  passed: boolean;
}

/** The median of the rounds' ratios, and their range. */
function ratio(
  speeds: ReadonlyMap<string, number[]>,
  own: string,
  other: string,
  floor: number,
  aim: number,
): Verdict | undefined {
  const [a, b] = [speeds.get(own), speeds.get(other)];
  if (!a || !b) return undefined;
  const ratios = a.map((speed, round) => speed / b[round]!).sort((x, y) => x - y);
  const value = ratios[ratios.length >> 1]!;
  const range = { low: ratios[0]!, high: ratios.at(-1)! };
  return { name: `${own} over ${other}`, value, ...range, floor, aim, passed: value >= floor };
}

/** What int8 loses in nDCG@10 of dense search by section, with a 95 % interval from resampling questions. */
async function quality(directory: string, exact: BertEncoder): Promise<Verdict> {
  await using rounded = await BertEncoder.load({ directory, threads, precision: 'int8' });
  const questions = shuffled(
    readFileSync(join(flags.data, 'questions.dev.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { doc: string; question: string; answer: string }),
    createRandom(5),
  ).slice(0, Number(flags.quality));
  const asked = new Set(questions.map(({ doc }) => doc));
  const pool = sectionsOf(documents().filter(({ id }) => asked.has(id)));
  const gains = await Promise.all(
    [exact, rounded].map(async (encoder) => {
      const options = { onTooLong: 'truncate' as const };
      const passages = await encoder.embed(
        pool.map(({ text }) => text),
        options,
      );
      const queries = await encoder.embed(
        questions.map(({ question }) => question),
        options,
      );
      return questions.map(({ doc, answer }, at) => {
        const start = answer.slice(0, 60);
        const relevant = pool.findIndex(({ id, text }) => id === doc && text.includes(start));
        const scores = passages.map((passage) => dot(passage, queries[at]!));
        const rank = scores.filter((score) => score > scores[relevant]!).length + 1;
        return relevant >= 0 && rank <= 10 ? 1 / Math.log2(1 + rank) : 0;
      });
    }),
  );
  const losses = gains[0]!.map((gain, at) => gain - gains[1]![at]!);
  const random = createRandom(11);
  const means = Array.from({ length: 2000 }, () =>
    mean(losses.map(() => losses[random.integer(losses.length)]!)),
  ).sort((a, b) => a - b);
  console.log(
    `nDCG@10 of ${questions.length} held-out questions among ${pool.length} sections: float32 ${mean(gains[0]!).toFixed(4)}, int8 ${mean(gains[1]!).toFixed(4)}`,
  );
  const value = mean(losses);
  return {
    name: 'nDCG@10 lost by int8 (at most)',
    value,
    low: means[50]!,
    high: means[1949]!,
    floor: 0.005,
    aim: 0,
    passed: value <= 0.005,
  };
}

function documents(): { id: string; body: string }[] {
  const folder = join(flags.data, 'corpus');
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => ({ id: basename(file, '.md'), body: readFileSync(join(folder, file), 'utf8') }));
}

/** Sections with the document's title in front, as they are embedded. */
function sectionsOf(list: readonly { id: string; body: string }[]): { id: string; text: string }[] {
  return list.flatMap(({ id, body }) => {
    const title = /^# (.*)$/m.exec(body)?.[1] ?? '';
    return body
      .split(/^## /m)
      .slice(1)
      .map((section) => ({ id, text: `${title}: ${section.trim()}` }));
  });
}

/** transformers.js beside this repository, and the model as ONNX, which is what it reads. */
async function prepareTransformersJs(python: string, directory: string): Promise<void> {
  const model = join(flags.work, 'models', 'minilm');
  if (!existsSync(join(flags.work, 'node_modules', '@huggingface', 'transformers'))) {
    console.log(`Installing ${transformersJs} (once) …`);
    execFileSync('npm', ['install', '--ignore-scripts', '--prefix', flags.work, transformersJs], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  if (!existsSync(join(model, 'onnx', 'model.onnx')))
    await jsonLines(python, [peer, 'export', directory, model]);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
