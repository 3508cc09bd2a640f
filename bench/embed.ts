/**
 * Chunks a second of the embedder, at the chunk sizes that matter. Prints one JSON line a case.
 *
 *     node bench/embed.ts MODEL_FOLDER [--threads 2] [--no-spin] [--seconds 5]
 *
 * `embed_peer.py` measures sentence-transformers on texts of the same lengths (its best round; here it is the mean).
 *
 * The texts are words drawn at random from a sentence; every text of a case has exactly so many tokens.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { BertEncoder } from '@tandem/nn';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '5' },
    'no-spin': { type: 'boolean', default: false },
  },
});
const directory = positionals[0];
if (!directory) {
  console.error('Give the folder of a sentence-transformers model: node bench/embed.ts MODEL_FOLDER');
  process.exit(2);
}

const loadStart = performance.now();
await using encoder = await BertEncoder.load({
  directory,
  threads: Number(values.threads),
  spin: !values['no-spin'],
});
console.log(
  JSON.stringify({
    loadMs: Math.round(performance.now() - loadStart),
    threads: Number(values.threads),
    spin: !values['no-spin'],
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    loadBefore: loadavg()[0],
  }),
);

const words =
  'the disease is inherited in an autosomal recessive pattern which means both copies of gene have mutations'.split(
    ' ',
  );
let state = 1;
const randomWord = () => words[(state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % words.length]!;

for (const tokens of [16, 64, 128, 256]) {
  const text = () => {
    let result = '';
    while (encoder.countTokens(result) < tokens - 2) result += ` ${randomWord()}`;
    const { offsets } = encoder.encode(result);
    return result.slice(0, offsets[tokens - 3]![1]);
  };
  const batch = Array.from({ length: Math.ceil(4096 / tokens) }, text);
  await encoder.embed(batch.slice(0, 4));
  const start = performance.now();
  let chunks = 0;
  let longestTurn = 0;
  let lastTurn = start;
  while (performance.now() - start < Number(values.seconds) * 1000) {
    lastTurn = performance.now();
    await encoder.embed(batch, {
      onProgress: () => {
        longestTurn = Math.max(longestTurn, performance.now() - lastTurn);
        lastTurn = performance.now();
      },
    });
    chunks += batch.length;
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(
    JSON.stringify({
      tokens,
      chunksPerSecond: Number((chunks / seconds).toFixed(1)),
      tokensPerSecond: Math.round((chunks * tokens) / seconds),
      longestTurnMs: Math.round(longestTurn),
    }),
  );
}
