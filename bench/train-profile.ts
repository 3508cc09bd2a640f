/**
 * Where one training step's time goes, against what this machine's matrix products can do at best.
 *
 *     node bench/train-profile.ts MODEL.gguf [--precision float32|int8] [--hold ready|blocks] [--recompute parts|layers] [--tokens 400] [--labelled 90] [--batch 2] [--runs 5]
 *
 * A pass of random tokens through forward, loss and backward (r = 16 on all linears), timed whole and then once more with ONNX
 * Runtime's own clock on every node. The peak is the best of square products in float32 and of int8 ones at a layer's shape, in
 * the same process, so that "of peak" compares like with like on a machine whose clock moves.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Graph, int8Product, int8Rows, type SessionOptions } from '../packages/nn/src/graph/index.ts';
import { openLayeredDecoder } from '../packages/nn/src/models/decoder.ts';
import { adapterInputs, decoderBatch } from '../packages/nn/src/models/decoder-batch.ts';
import { loraTargets } from '../packages/nn/src/models/lora-adapter.ts';
import { trainingSessionOptions } from '../packages/nn/src/train/training-session.ts';
import { createTrainingState, toAdapterTensors } from '../packages/nn/src/train/training-state.ts';
import { fastestRun, nodesOfSecondRun, peakOfFloat32, printGroups, totalTime } from './profile/node-times.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    precision: { type: 'string', default: 'float32' },
    hold: { type: 'string', default: 'ready' },
    recompute: { type: 'string', default: 'parts' },
    tokens: { type: 'string', default: '400' },
    labelled: { type: 'string', default: '90' },
    batch: { type: 'string', default: '2' },
    runs: { type: 'string', default: '5' },
  },
});
const [length, labelled, batch, runs] = [flags.tokens, flags.labelled, flags.batch, flags.runs].map(
  Number,
) as [number, number, number, number];
const shape = { rank: 16, alpha: 32, targetModules: [...loraTargets] };
const batchOfTokens = (vocabulary: number) =>
  decoderBatch(
    Array.from({ length: batch }, (_, row) => ({
      tokens: Array.from({ length }, (_, at) => (row * 7919 + at * 104729) % vocabulary),
      labels: Array.from({ length: labelled }, (_, at) => length - labelled + at),
    })),
  );

/** One session file for each graph, where a folder for profiles is given. */
async function timePasses(count: number, profiles?: string) {
  let sessions = 0;
  await using decoder = await openLayeredDecoder(positionals[0]!, {
    products: flags.precision as 'float32' | 'int8',
    hold: flags.hold as 'ready' | 'blocks',
    lora: shape,
    training: { recompute: flags.recompute as 'parts' | 'layers' },
    session: {
      ...trainingSessionOptions(2),
      // Read once for each session that is opened.
      get profilePrefix() {
        return profiles && join(profiles, `${sessions++}`);
      },
    } as SessionOptions,
  });
  const { parameters } = createTrainingState(decoder.config, { ...shape, seed: 1 }, undefined);
  const adapter = adapterInputs({ ...shape, tensors: toAdapterTensors(parameters) }, decoder.config);
  const gradients = new Map([...parameters].map(([name, { length }]) => [name, new Float32Array(length)]));
  const seconds: number[] = [];
  for (let run = 0; run <= count; run++) {
    const from = performance.now();
    await decoder.train(batchOfTokens(decoder.config.vocabulary), adapter, {
      loss: ({ length }) => new Float32Array(length).fill(-1 / length),
      gradients,
    });
    if (run > 0) seconds.push((performance.now() - from) / 1000);
  }
  return { seconds, config: decoder.config };
}

const { seconds, config } = await timePasses(runs);
const fastest = Math.min(...seconds);
const peaks = { float32: await peakOfFloat32(), int8: await peakOfInt8() };
console.log(
  `${flags.precision}, ${flags.recompute}: ${batch} × ${length} tokens, ${labelled} labelled each: ${fastest.toFixed(3)} s at best, ${median(seconds).toFixed(3)} s median of ${runs}; ${((batch * length) / fastest).toFixed(0)} tokens/s; peak memory ${(process.resourceUsage().maxRSS / 1e6).toFixed(2)} GB`,
);
console.log(
  `Peak of matrix products here: float32 ${(peaks.float32 / 1e9).toFixed(0)} GFLOP/s, int8 with scaled rows ${(peaks.int8 / 1e9).toFixed(0)} GOP/s`,
);

const folder = mkdtempSync(join(tmpdir(), 'tandem-profile-'));
await timePasses(1, folder);
const second = readdirSync(folder).flatMap((file) => nodesOfSecondRun(join(folder, file)));
rmSync(folder, { recursive: true });
const total = totalTime(second);
const byOperator = Map.groupBy(second, ({ args }) => args.op_name ?? '?');
console.log(`\nOne pass by operator (profiled: ${(total / 1e6).toFixed(3)} s in ${second.length} nodes)`);
printGroups(byOperator, total, 16);

const { width, feedForwardWidth, heads, keyValueHeads, headWidth, layers, vocabulary } = config;
const parameters = layers * (3 * width * feedForwardWidth + 2 * width * headWidth * (heads + keyValueHeads));
// Forward and the gradient of the inputs; the frozen weights have no gradient.
const layerWork = 4 * parameters * batch * length;
const headWork = 4 * vocabulary * width * batch * labelled;
const bound =
  layerWork / (flags.precision === 'int8' ? peaks.int8 : peaks.float32) + headWork / peaks.float32;
console.log(
  `\nFrozen layers ${(layerWork / 1e9).toFixed(0)} and head ${(headWork / 1e9).toFixed(0)} G operations would take ${bound.toFixed(3)} s at these peaks: the pass runs at ${((100 * bound) / fastest).toFixed(0)} % of it.`,
);

async function peakOfInt8(): Promise<number> {
  const [rows, width, out] = [1024, 576, 1536];
  const graph = new Graph('peak int8');
  const x = graph.input('x', 'float32', [rows, width]);
  const values = graph.weight('values', new Int8Array(width * out).fill(3), [width, out], 'int8');
  const scales = graph.weight('scales', new Float32Array(out).fill(0.01), [out]);
  graph.output('y', int8Product(int8Rows(x), { values, scales }));
  const data = new Float32Array(rows * width).fill(0.5);
  return (2 * rows * width * out) / (await fastestRun(graph, { x: { data, shape: [rows, width] } }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
