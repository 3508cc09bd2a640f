/**
 * How fast the local chat model answers. One JSON line a case; the machine first.
 *
 *     npm run bench -- chat [--model local:NAME | FILE.gguf] [--threads N] [--rounds 5] …
 *
 *     (nothing more)         loading, first token, reading and writing; with an adapter (--adapter FILE.gguf), a grammar, a reused beginning
 *     --llama-cpp BUILD      beside the llama.cpp that is built in that folder: its llama-bench and llama-server, in turns
 *     --before CHECKOUT      the example's questions by rag and hybrid beside another checkout, in turns (--arms rag,hybrid, --questions 24;
 *                            --cold: a process for each question)
 *     --lookup               with tokens guessed from the prompt beside without: the same tokens? (--questions 200)
 *     --settings             flash attention and 8-bit keys and values beside neither: times, and whether numbers depend on what was asked before
 *
 * Ratios are medians of the rounds' or questions' own ratios with the smallest and largest, so that other work on the machine counts for both
 * sides; `processor` is the processor's time, which counts only with --threads 1 (threads wait for each other by spinning). llama.cpp is
 * built from the source of node-llama-cpp's release, which is in its package:
 *
 *     git clone node_modules/node-llama-cpp/llama/gitRelease.bundle SOURCE
 *     cmake -S SOURCE -B BUILD -DCMAKE_BUILD_TYPE=Release -DGGML_OPENMP=OFF -DGGML_NATIVE=ON && cmake --build BUILD -t llama-bench llama-server
 */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { compareCheckouts } from './chat/compare-checkouts.ts';
import { compareLlamaCpp } from './chat/compare-llama-cpp.ts';
import { compareLookup } from './chat/compare-lookup.ts';
import { compareSettings } from './chat/compare-settings.ts';
import { measureAlone } from './chat/measure-alone.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'local:smollm2-135m-instruct' },
    threads: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '5' },
    adapter: { type: 'string' },
    'llama-cpp': { type: 'string' },
    before: { type: 'string' },
    cold: { type: 'boolean', default: false },
    arms: { type: 'string', default: 'rag,hybrid' },
    questions: { type: 'string' },
    lookup: { type: 'boolean', default: false },
    settings: { type: 'boolean', default: false },
  },
});
const { path: model } = await fetchModel(flags.model);
const threads = Number(flags.threads);
const rounds = Number(flags.rounds);
console.log(
  JSON.stringify({
    model: flags.model,
    threads,
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    load: loadavg()[0],
  }),
);
if (flags['llama-cpp'] !== undefined)
  await compareLlamaCpp({ build: flags['llama-cpp'], model, threads, rounds });
else if (flags.before !== undefined)
  await compareCheckouts({
    before: flags.before,
    model,
    threads,
    cold: flags.cold,
    arms: flags.arms.split(','),
    questions: Number(flags.questions ?? 24),
  });
else if (flags.lookup) await compareLookup({ model, threads, questions: Number(flags.questions ?? 200) });
else if (flags.settings) await compareSettings({ model, threads, questions: Number(flags.questions ?? 6) });
else await measureAlone({ model, threads, rounds, adapter: flags.adapter });
