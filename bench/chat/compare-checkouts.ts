/** What an answer takes from question to citations, in two checkouts that answer the same questions in turns. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type ClinicProject, writeClinicProject } from './clinic-project.ts';
import { describeRatios, median } from './ratios.ts';
import { writeZeroAdapter } from './zero-adapter.ts';

interface Measured {
  milliseconds: number;
  processorMilliseconds: number;
  /** False where no model was asked. */
  asked: boolean;
  reusedTokens: number;
  promptTokens: number;
  completionTokens: number;
  raw: string;
}

interface Side extends AsyncDisposable {
  answer(question: string): Promise<Measured>;
}

/**
 * @param options.cold each question in a process of its own, as the command line asks; else all of an arm in one
 */
export async function compareCheckouts(options: {
  before: string;
  model: string;
  questions: number;
  threads: number;
  cold: boolean;
  arms: readonly string[];
}): Promise<void> {
  const after = join(import.meta.dirname, '..', '..');
  // Each its own project: two processes would wait for each other's catalogue.
  using first = writeClinicProject(options.model, options.questions);
  using second = writeClinicProject(options.model, options.questions);
  const adapter = await writeZeroAdapter(options.model, first.directory);
  for (const arm of options.arms) {
    const open = (checkout: string, project: ClinicProject) =>
      openSide(checkout, [project.directory, arm, ...(arm === 'hybrid' ? [adapter] : [])], options.threads);
    const sides = [
      { checkout: resolve(options.before), project: first },
      { checkout: after, project: second },
    ];
    const kept = options.cold ? [] : sides.map(({ checkout, project }) => open(checkout, project));
    const pairs: [Measured, Measured][] = [];
    for (const [at, question] of first.questions.entries()) {
      const pair: Measured[] = [];
      for (const which of at % 2 === 0 ? [0, 1] : [1, 0]) {
        const side = kept[which] ?? open(sides[which]!.checkout, sides[which]!.project);
        pair[which] = await side.answer(question);
        if (options.cold) await side[Symbol.asyncDispose]();
      }
      if (pair[0]!.asked && pair[1]!.asked) pairs.push(pair as [Measured, Measured]);
    }
    for (const side of kept) await side[Symbol.asyncDispose]();
    report(`${arm}, ${options.cold ? 'a process for each question' : 'one process'}`, pairs);
  }
}

function report(name: string, pairs: readonly [Measured, Measured][]): void {
  const equal = pairs.filter(
    ([before, after]) =>
      before.promptTokens === after.promptTokens && before.completionTokens === after.completionTokens,
  );
  const of = (side: 0 | 1, key: 'milliseconds' | 'processorMilliseconds' | 'reusedTokens') =>
    Math.round(median(equal.map((pair) => pair[side][key])));
  const ratios = (key: 'milliseconds' | 'processorMilliseconds') =>
    describeRatios(equal.map(([before, after]) => after[key] / before[key]));
  console.log(
    JSON.stringify({
      case: name,
      answered: pairs.length,
      equalTokens: equal.length,
      sameText: equal.filter(([before, after]) => before.raw === after.raw).length,
      promptTokens: median(equal.map(([{ promptTokens }]) => promptTokens)),
      completionTokens: median(equal.map(([{ completionTokens }]) => completionTokens)),
      reusedTokens: [of(0, 'reusedTokens'), of(1, 'reusedTokens')],
      medianMs: [of(0, 'milliseconds'), of(1, 'milliseconds')],
      after_before: ratios('milliseconds'),
      processorMs: [of(0, 'processorMilliseconds'), of(1, 'processorMilliseconds')],
      processor_after_before: ratios('processorMilliseconds'),
    }),
  );
}

function openSide(checkout: string, words: readonly string[], threads: number): Side {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'answer-driver.ts'), checkout, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TANDEM_THREADS: String(threads) },
  });
  const ended = new Promise<number | null>((done) => child.on('exit', done));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async answer(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`In ${checkout}: answering ended with ${await ended}.`);
        if (value.startsWith('{"milliseconds"')) return JSON.parse(value) as Measured;
      }
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
