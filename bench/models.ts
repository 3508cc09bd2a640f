/**
 * What the registry says of a chat model's memory and speed: each in a process of its own, with the context that Tandem gives it, a fixed
 * prompt of some 700 tokens and an answer of at most 128. The most memory that the process ever held (mapped pages of the file
 * included) and medians of --rounds, one JSON line a model, the machine first. On a machine that others use, tokens by seconds of
 * processor time say more than by the clock, with `--threads 1`: threads that wait for each other use the processor meanwhile.
 *
 *     npm run bench -- models [--model local:qwen2.5-coder-0.5b]… [--threads N] [--rounds 5]
 */
import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs, promisify } from 'node:util';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import {
  type LocalChatMetadata,
  type LocalChatModel,
  openLocalChat,
} from '../packages/tandem/src/models/local-chat.ts';

const { values: flags } = parseArgs({
  options: {
    model: {
      type: 'string',
      multiple: true,
      default: ['local:smollm2-135m-instruct', 'local:qwen2.5-coder-0.5b', 'local:qwen2.5-coder-1.5b'],
    },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    /** Set for the process that measures. */
    measure: { type: 'string' },
  },
});
const print = (value: object) => console.log(JSON.stringify(value));

/** The instructions and passages of an answer from documents, as to their length and kind. */
const passages = [
  'A bicycle is lent for one day or for a week. The deposit is sixty euros, paid in cash or by card, and is given back when the bicycle is returned clean and whole. A lock and a pump belong to every bicycle, and a helmet can be had for two euros a day.',
  'The chain is cleaned with a dry cloth after each ride in the rain and oiled once a month. It is replaced when the gauge falls in at three quarters of a per cent. A chain that is changed in time spares the sprockets, which cost five times as much.',
  'Brake pads are replaced when less than one millimetre is left of them. Discs are measured twice a year, in spring and in autumn, and thrown away below one and a half millimetres. After new pads were fitted they are braked in on the yard, twenty times from walking pace.',
  'The workshop is open from nine to six on weekdays and from ten to two on Saturdays. Repairs that were brought before noon are ready in the evening, if the parts are in store. On public holidays it is closed, and the box beside the door takes keys.',
];
const text = [...passages, ...passages, ...passages]
  .map((passage, index) => `[${index + 1}] ${passage}`)
  .join('\n\n');

if (flags.measure !== undefined) await measure(flags.measure);
else {
  print({
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    threads: flags.threads ?? 'as others leave free',
    memoryGB: Math.round(totalmem() / 1e9),
    load: loadavg()[0],
  });
  for (const model of flags.model) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      import.meta.filename,
      ...['threads', 'rounds'].flatMap((name) => {
        const value = flags[name as 'threads' | 'rounds'];
        return value === undefined ? [] : [`--${name}`, value];
      }),
      '--measure',
      model,
    ]);
    console.log(stdout.trim());
  }
}

async function measure(reference: string): Promise<void> {
  const { path } = await fetchModel(reference);
  const start = performance.now();
  await using model = await openLocalChat({
    path,
    ...(flags.threads && { threads: Number(flags.threads) }),
  });
  const load = performance.now() - start;
  const rounds: { prompt: number; generated: number; promptByCpu: number; generatedByCpu: number }[] = [];
  let promptTokens = 0;
  for (let round = 0; round <= Number(flags.rounds); round++) {
    // The number keeps a round from reusing what the one before has computed.
    const question = `${round}. Sources:\n\n${text}\n\nQuestion: How is a bicycle looked after? Tell at length.`;
    const read = await answer(model, question, 1);
    // The same prompt again: nothing of it is left to compute.
    const written = await answer(model, question, 128);
    promptTokens = read.promptTokens;
    // The first round makes the context and warms the caches.
    if (round === 0) continue;
    rounds.push({
      prompt: read.computed / read.firstToken,
      generated: written.tokens / written.generate,
      promptByCpu: read.computed / read.cpu,
      generatedByCpu: written.tokens / written.cpu,
    });
  }
  const median = (key: keyof (typeof rounds)[number]) =>
    Math.round(rounds.map((round) => round[key]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)]!);
  print({
    model: reference,
    contextLength: 4096,
    promptTokens,
    mostMemoryMB: Math.round(process.resourceUsage().maxRSS / 1000),
    loadMs: Math.round(load),
    promptTokensPerSecond: median('prompt'),
    generatedTokensPerSecond: median('generated'),
    promptTokensPerCpuSecond: median('promptByCpu'),
    generatedTokensPerCpuSecond: median('generatedByCpu'),
    load: loadavg()[0],
  });
}

/** Seconds of the clock and of the processor. */
async function answer(model: LocalChatModel, question: string, maxOutputTokens: number) {
  const before = process.cpuUsage();
  const { providerMetadata, usage } = await model.doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text: question }] }],
    maxOutputTokens,
  });
  const { user, system } = process.cpuUsage(before);
  const { tandem } = providerMetadata as unknown as { tandem: LocalChatMetadata };
  return {
    promptTokens: tandem.promptTokens,
    computed: tandem.promptTokens - tandem.reusedTokens,
    tokens: (usage.outputTokens.total ?? 0) - 1,
    firstToken: tandem.timings.firstToken / 1000,
    generate: tandem.timings.generate / 1000,
    cpu: (user + system) / 1e6,
  };
}
