/**
 * Training throughput of this package on this machine, to compare with throughput.py.
 *
 *     node throughput.ts X.gguf [steps] [tokensPerPass]
 *
 * The same shapes: four sequences of 400 to 500 tokens with 80 labels each a step, rank 16 on all projections.
 */
import { seededRandom } from '../../src/graph/seeded-random.ts';
import { runTraining } from '../../src/train/trainer.ts';

const [gguf, steps = '4', tokensPerPass] = process.argv.slice(2);
const random = seededRandom(3);
const examples = Array.from({ length: 4 * Number(steps) }, () => {
  const length = 400 + Math.floor(random() * 100);
  return {
    tokens: Array.from({ length }, () => Math.floor(random() * 40_000)),
    labelSpans: [[length - 80, length]] as [number, number][],
  };
});
let [from, cpuFrom, tokensFrom] = [0, 0, 0];
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const { metrics } = await runTraining(
  { model: gguf!, examples, ...(tokensPerPass && { tokensPerPass: Number(tokensPerPass) }) },
  {
    onProgress: ({ loss, done, detail, tokens }) => {
      if (loss === undefined) return;
      console.log(`step ${done}: ${detail}`);
      if (done === 1) [from, cpuFrom, tokensFrom] = [performance.now(), cpuSeconds(), tokens!];
    },
  },
);
const tokens = metrics.tokens - tokensFrom;
console.log(
  `@tandem/nn: ${((1000 * tokens) / (performance.now() - from)).toFixed(1)} tokens/s, ` +
    `${((1000 * (cpuSeconds() - cpuFrom)) / tokens).toFixed(2)} CPU ms a token, ` +
    `peak ${(metrics.peakMemoryBytes / 1e9).toFixed(2)} GB`,
);
