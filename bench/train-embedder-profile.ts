/**
 * Where the time of one embedder training step goes: passes forward and back by ONNX Runtime's own clock on every node, and
 * what JavaScript does between them, against what this machine's matrix products can do at best.
 *
 *     node bench/train-embedder-profile.ts MODEL_FOLDER [--products float32|int8] [--batch 64] [--runs 5] [--spin] [--nodes 0]
 *
 * A batch of the clinic's training questions with the passages that answer them, at their real lengths. Times are those of the
 * whole step, its parts and then, in one more run, of the nodes; `--nodes 30` also lists the slowest nodes by themselves.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bertShapes, loadBertModel } from '../packages/nn/src/models/bert-weights.ts';
import { EncoderOptimizer } from '../packages/nn/src/train/encoder-optimizer.ts';
import { EncoderPasses } from '../packages/nn/src/train/encoder-passes.ts';
import {
  type NodeTime,
  nodesOfSecondRun,
  peakOfFloat32,
  printGroups,
  totalTime,
} from './profile/node-times.ts';
import { clinicPairs } from './train/clinic-pairs.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    products: { type: 'string', default: 'float32' },
    batch: { type: 'string', default: '64' },
    runs: { type: 'string', default: '5' },
    tokens: { type: 'string' },
    spin: { type: 'boolean', default: false },
    nodes: { type: 'string', default: '0' },
  },
});
const directory = positionals[0]!;
const model = await loadBertModel(directory);
const { tokenizer, settings } = model;
const { train } = await clinicPairs(directory);
const batch = train.slice(0, Number(flags.batch));
const sequences = [...batch.map(({ query }) => query), ...batch.map(({ positive }) => positive)].map(
  (text) => ({
    ids: Int32Array.from([...tokenizer.prefix, ...tokenizer.encode(text).ids, ...tokenizer.suffix]),
  }),
);
const tokens = sequences.reduce((sum, { ids }) => sum + ids.length, 0);
const longest = Math.max(...sequences.map(({ ids }) => ids.length));
const options = {
  head: 'vector',
  products: flags.products as 'float32' | 'int8',
  spin: flags.spin,
  ...(flags.tokens !== undefined && { tokensPerPass: Number(flags.tokens) }),
} as const;
/** The model's memory may move when passes are opened. */
const optimizerOf = (parameters: ReadonlyMap<string, Float32Array>) =>
  new EncoderOptimizer(parameters, (name) => model.shapes.get(name)!.length > 1, {
    weightDecay: 0,
    maxGradientNorm: 1,
    width: settings.hiddenSize,
  });
let optimizer = optimizerOf(new Map());

const parts = ['forward', 'backward', 'norm', 'update'] as const;
const runs: Record<(typeof parts)[number] | 'whole' | 'cpu' | 'system', number>[] = [];
{
  await using passes = await EncoderPasses.open(model, options);
  optimizer = optimizerOf(
    new Map([...bertShapes(settings).keys()].map((name) => [name, model.weights.get(name)!])),
  );
  for (let run = 0; run <= Number(flags.runs); run++) runs.push(await step(passes, run + 1));
}
runs.shift();
const peak = await peakOfFloat32();
console.log(
  `${flags.products}: ${batch.length} pairs, ${tokens} tokens (${sequences.length * longest} if all were padded to the longest)`,
);
for (const part of [...parts, 'whole', 'cpu', 'system'] as const) {
  const own = runs.map((run) => run[part]).sort((a, b) => a - b);
  console.log(
    `${part.padEnd(10)} ${own[0]!.toFixed(3)} s at best, median ${own[own.length >> 1]!.toFixed(3)}`,
  );
}
const { hiddenSize, intermediateSize, layers } = settings;
const work = 6 * tokens * layers * (4 * hiddenSize ** 2 + 2 * hiddenSize * intermediateSize);
const best = Math.min(...runs.map(({ whole }) => whole));
console.log(
  `Layers' products: ${(work / 1e9).toFixed(0)} GFLOP, ${(work / peak).toFixed(3)} s at float32's best here (${(peak / 1e9).toFixed(0)} GFLOP/s): the step runs at ${((100 * work) / peak / best).toFixed(0)} % of it.`,
);

let profiled: Awaited<ReturnType<typeof step>>;
const folder = mkdtempSync(join(tmpdir(), 'tandem-profile-'));
{
  await using passes = await EncoderPasses.open(model, { ...options, profilePrefix: join(folder, 'step') });
  await step(passes, 1);
  profiled = await step(passes, 2);
}
const nodes = readdirSync(folder)
  .sort()
  .flatMap((file) => {
    const second = nodesOfSecondRun(join(folder, file));
    console.log(
      `${file.replace(/^step-|_.*$/g, '')}: ${(totalTime(second) / 1e6).toFixed(3)} s within nodes`,
    );
    return second;
  });
rmSync(folder, { recursive: true });
const total = totalTime(nodes);
console.log(
  `\nOne step by operator (forward ${profiled.forward.toFixed(3)} s, backward ${profiled.backward.toFixed(3)} s; in nodes ${(total / 1e6).toFixed(3)} s in ${nodes.length} nodes)`,
);
const by = (key: (node: NodeTime) => string, most: number) =>
  printGroups(Map.groupBy(nodes, key), total, most);
by(({ args }) => args.op_name ?? '?', 30);
by(({ name }) => name, Number(flags.nodes));

async function step(passes: EncoderPasses, number: number) {
  const cpu = process.cpuUsage();
  const marks = [performance.now()];
  const mark = () => marks.push(performance.now());
  const vectors = await passes.forward(sequences, { keep: true });
  mark();
  const gradients = await passes.backward(vectors.map((value) => value * 1e-3));
  mark();
  const norm = EncoderOptimizer.norm(gradients);
  mark();
  optimizer.update(gradients, norm, number, 1e-6);
  mark();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = parts.map((part, at) => [part, (marks[at + 1]! - marks[at]!) / 1000] as const);
  return {
    ...(Object.fromEntries(seconds) as Record<(typeof parts)[number], number>),
    whole: (marks.at(-1)! - marks[0]!) / 1000,
    cpu: (user + system) / 1e6,
    system: system / 1e6,
  };
}
