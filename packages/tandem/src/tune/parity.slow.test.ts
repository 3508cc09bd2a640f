import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decoderLayerSizes,
  exportGgufLora,
  exportPeft,
  type LoraAdapter,
  loadDecoder,
  loraModulePath,
  loraTargets,
  openGguf,
  writeDequantizedGguf,
} from '@tandem/nn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { openLocalChat } from '../models/local-chat.ts';
import { type LocalChatTools, localToolsOf } from '../models/local-tools.ts';
import { createRandom } from '../statistics/random.ts';
import { localLogits } from './local-trainer.ts';
import { checkParity, type ProbedSequence, parityBounds } from './parity.ts';
import { leastProbed, probeSequences } from './probe-sequences.ts';

/** Is what llama.cpp serves what the trainer trained? On the real model, with a random adapter on all seven projections. */

let directory: string;
let base: string;
let exact: string;
let adapter: { peft: string; gguf: string };
const conversation = [
  { role: 'system', content: 'You answer patients of the clinic.' },
  { role: 'user', content: 'What is retinal detachment, and who is at risk of it?' },
  {
    role: 'assistant',
    content:
      'Retinal detachment: The retina is a layer of tissue in the back of the eye. [1] A retinal detachment lifts or pulls it from its normal position. [1] It is more common in people over 40 and in those who are very near-sighted. [2]',
  },
] as const;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-parity-'));
  base = (await fetchModel('local:smollm2-135m-instruct')).path;
  exact = join(directory, 'base-f32.gguf');
  await using file = await openGguf(base);
  await writeDequantizedGguf(file, exact);
  adapter = { peft: join(directory, 'peft'), gguf: join(directory, 'adapter.gguf') };
  const random = await randomAdapter();
  await exportPeft(random, adapter.peft, { baseModel: 'test' });
  await exportGgufLora(random, adapter.gguf, { base, lineage: { baseSha256: 'a', templateSha256: 'b' } });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** As large as a trained one: B's entries about as large as A's, so that the adapter changes what is said. */
async function randomAdapter(): Promise<LoraAdapter> {
  const { config } = await loadDecoder(base);
  const sizes = decoderLayerSizes(config);
  const random = createRandom(5);
  const rank = 8;
  const fill = (length: number, scale: number) =>
    Float32Array.from({ length }, () => (random.next() - 0.5) * scale);
  const tensors: LoraAdapter['tensors'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of loraTargets) {
      tensors.set(loraModulePath(layer, target), {
        a: fill(rank * sizes[target].in, 0.1),
        b: fill(sizes[target].out * rank, 0.2),
      });
    }
  }
  return { rank, alpha: 16, targetModules: [...loraTargets], tensors };
}

function probe(tools: LocalChatTools): ProbedSequence[] {
  const { tokens, spans } = tools.encodeChat(conversation);
  const { start, end } = spans.at(-1)!;
  return [
    { tokens: tokens.slice(0, end), positions: Array.from({ length: end - start }, (_, i) => start - 1 + i) },
  ];
}

describe.each([
  ['without an adapter', false],
  ['with an adapter', true],
])('%s', (_name, adapted) => {
  const files = () => (adapted ? adapter : undefined);

  test('on an F32 base the logits agree to 1e-4', async () => {
    await using chat = await openLocalChat({ path: exact, keyValueType: 'F32', contextLength: 512 });
    const tools = localToolsOf(chat)!;
    const [sequence] = probe(tools);
    const reference = (await (await localLogits(exact, files()?.peft))([sequence!]))[0]!;
    const served = await tools.evaluateLogits(sequence!.tokens, {
      positions: sequence!.positions,
      ...(files() && { adapter: { path: files()!.gguf } }),
    });
    expect(Math.max(...served.map((logits, row) => relativeDistance(logits, reference[row]!)))).toBeLessThan(
      1e-4,
    );
  });

  test('on the Q4_1 base as it is served, mean KL ≤ 1e-2 and the same top token ≥ 98 %', async () => {
    await using chat = await openLocalChat({ path: base, contextLength: 512 });
    const tools = localToolsOf(chat)!;
    const parity = await checkParity(tools, {
      sequences: probe(tools),
      reference: await localLogits(base, files()?.peft),
      ...(files() && { adapterFile: files()!.gguf }),
    });
    expect(parity.tokens).toBeGreaterThan(50);
    expect(parity.meanKl).toBeLessThanOrEqual(1e-2);
    expect(parity.sameTopToken).toBeGreaterThanOrEqual(0.98);
  });
});

test('one short example is enough to tell an adapter that is not the trained one, and not to refuse the right one', async () => {
  await using chat = await openLocalChat({ path: base, contextLength: 512 });
  const tools = localToolsOf(chat)!;
  const { tokens, spans } = tools.encodeChat([
    { role: 'user', content: 'When does the water tap open?' },
    { role: 'assistant', content: 'The tap opens on 1 April.' },
  ]);
  const { start, end } = spans.at(-1)!;
  const sequences = probeSequences([{ tokens, labelSpans: [[start, end]] }], tools);
  const reference = await localLogits(base, adapter.peft);
  const logits = await reference(sequences);
  const right = await checkParity(tools, {
    sequences,
    reference: async () => logits,
    adapterFile: adapter.gguf,
  });
  expect(right.tokens).toBe(leastProbed);
  expect(right.meanKl).toBeLessThanOrEqual(1e-2);
  expect(right.sameTopToken).toBeGreaterThanOrEqual(0.98);
  const wrong = await checkParity(tools, { sequences, reference: async () => logits });
  expect(wrong.meanKl).toBeGreaterThan(parityBounds.meanKl);
  expect(wrong.sameTopToken).toBeLessThan(parityBounds.sameTopToken);
});

test('an adapter that is not the trained one is told', async () => {
  await using chat = await openLocalChat({ path: base, contextLength: 512 });
  const tools = localToolsOf(chat)!;
  // The trainer with the adapter, llama.cpp without.
  const parity = await checkParity(tools, {
    sequences: probe(tools),
    reference: await localLogits(base, adapter.peft),
  });
  expect(parity.meanKl).toBeGreaterThan(0.05);
});

/** ‖a − b‖ / ‖b‖, both without their mean: a constant added to all logits changes no probability. */
function relativeDistance(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [distance, norm] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    distance += (a[i]! - meanA - (b[i]! - meanB)) ** 2;
    norm += (b[i]! - meanB) ** 2;
  }
  return Math.sqrt(distance / norm);
}
