import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { epochSteps, hyperparametersFor, importPeft, sha256OfFile, TrainingDivergedError } from '@tandem/nn';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { WorkerError } from '../../core/errors/worker-error.ts';
import { hashJson } from '../../core/hash.ts';
import type { Settings } from '../../core/settings.ts';
import { nnHyperparameters } from '../local-trainer.ts';
import { dataSize, outcomeOf, writeAdapter } from '../trained-adapter.ts';
import type { TokenisedExample, Trainer, TrainingJob } from '../trainer.ts';
import type { WorkerMessage } from './protocol.ts';
import { pythonCommand, startPython } from './python-process.ts';

export interface WorkerOptions {
  settings: Settings['tune']['worker'];
  network: 'local' | 'open';
  /** Where a relative `settings.base` starts. */
  projectDirectory: string;
  checkpointEverySeconds?: number;
}

/**
 * Trains with PEFT in a Python process (`train_lora.py`): on a CUDA GPU where there is one. It is given the tokens, labels, order of steps
 * and settings that the local trainer takes, so the two differ in their arithmetic alone. The process ends when this one does.
 */
export function workerTrainer({
  settings,
  network,
  projectDirectory,
  checkpointEverySeconds = 60,
}: WorkerOptions): Trainer {
  return {
    name: 'worker',
    async estimate({ train, hyperparameters, baseFile }) {
      const { batchSize, accumulate, epochs } = hyperparameters;
      const steps = Math.ceil(Math.ceil(train.length / (batchSize * accumulate)) * epochs);
      const tokens = Math.round(train.reduce((sum, example) => sum + example.tokens.length, 0) * epochs);
      // PEFT on a CPU, measured beside the local trainer: about six gigabytes more than the weights in 32 bits.
      const memoryBytes = (await stat(baseFile)).size * 8 + 6e9;
      return { steps, tokens, memoryBytes, money: 0, basis: 'on a CPU; a GPU has its own memory' };
    },

    async train(job, { outputDirectory, onProgress, onEvent, signal }) {
      signal?.throwIfAborted();
      const env = environment(network);
      const command = await pythonCommand({
        python: settings.python ?? process.env.TANDEM_PYTHON,
        env,
        signal,
        onInstall: () =>
          onProgress?.({
            stage: "installing the worker's packages",
            done: 0,
            total: 1,
            unit: 'environments',
          }),
      });
      onProgress?.({ stage: 'loading model', done: 0, total: 1, unit: 'models' });
      const raw = join(job.checkpointDirectory, 'worker-output');
      const message = await writeJob(job, { settings, projectDirectory, checkpointEverySeconds, raw });

      await using worker = startPython(command, message, env);
      const cancel = () => worker.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      let done: Extract<WorkerMessage, { type: 'done' }> | undefined;
      try {
        if (signal?.aborted) cancel();
        let [step, total] = [0, 0];
        for await (const told of worker.messages()) {
          switch (told.type) {
            case 'started': {
              [step, total] = [told.step, told.totalSteps];
              onProgress?.({
                stage: 'loading model',
                done: 1,
                total: 1,
                unit: 'models',
                detail: told.device,
              });
              onEvent?.('started', {
                pid: told.pid,
                step: told.step,
                device: told.device,
                precision: told.precision,
                quantised: told.quantised ?? 'none',
                ...told.packages,
              });
              break;
            }
            case 'step': {
              const { loss, learningRate, gradientNorm, tokensPerSecond, secondsLeft } = told;
              [step, total] = [told.step, told.totalSteps];
              onEvent?.('step', { step, loss, learningRate, gradientNorm });
              onProgress?.({
                stage: 'training',
                done: step,
                total,
                unit: 'steps',
                detail: `loss ${loss.toFixed(3)}, ${tokensPerSecond.toFixed(0)} tokens/s`,
                secondsLeft,
              });
              break;
            }
            case 'validating':
              onProgress?.({
                stage: 'measuring validation loss',
                done: told.done,
                total: told.total,
                unit: 'examples',
              });
              break;
            case 'validation':
              onEvent?.('validation', { step: told.step, loss: told.loss });
              break;
            case 'checkpoint':
              onEvent?.('checkpoint', { step: told.step });
              break;
            case 'cancelled':
              signal?.throwIfAborted();
              break;
            case 'done':
              done = told;
              break;
            case 'error':
              throw refusal(told, job);
          }
        }
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
      if (!done) throw new WorkerError({ message: 'The Python worker stopped without being asked to.' });
      // PEFT's own file holds the same matrices under the same names.
      const files = await writeAdapter(await importPeft(raw), outputDirectory, job);
      await rm(raw, { recursive: true, force: true });
      const peakMemoryBytes = Math.max(done.peakMemoryBytes, done.peakDeviceMemoryBytes);
      return { files, ...outcomeOf({ ...done, peakMemoryBytes }) };
    },
  };
}

/** Nothing is sent home, and with `network: 'local'` no model is looked for beyond this machine. */
function environment(network: 'local' | 'open'): Record<string, string> {
  return {
    HF_HUB_DISABLE_TELEMETRY: '1',
    TOKENIZERS_PARALLELISM: 'false',
    PYTHONUTF8: '1',
    ...(network === 'local' && { HF_HUB_OFFLINE: '1' }),
  };
}

async function writeJob(
  job: TrainingJob,
  context: {
    settings: Settings['tune']['worker'];
    projectDirectory: string;
    checkpointEverySeconds: number;
    raw: string;
  },
): Promise<object> {
  const { settings, projectDirectory, raw } = context;
  const { train, validation, checkpointDirectory } = job;
  const { settings: hyperparameters, evaluations } = resolved(job);
  const stepSize = hyperparameters.batchSize * hyperparameters.accumulate;
  const lengths = train.map(({ tokens }) => tokens.length);
  const planned = Math.ceil(Math.ceil(train.length / stepSize) * hyperparameters.epochs);
  const steps: number[][] = [];
  for (let epoch = 0; steps.length < planned; epoch++)
    steps.push(...epochSteps(lengths, stepSize, hyperparameters.seed, epoch));
  steps.length = planned;

  await mkdir(checkpointDirectory, { recursive: true });
  await rm(raw, { recursive: true, force: true });
  const write = async (name: string, lines: readonly unknown[]) => {
    const path = join(checkpointDirectory, name);
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return path;
  };
  const plain = ({ tokens, labelSpans }: TokenisedExample) => ({ tokens: Array.from(tokens), labelSpans });
  const folder = settings.base === undefined ? undefined : resolve(projectDirectory, settings.base);
  const base =
    folder === undefined ? { gguf: job.baseFile } : { model: existsSync(folder) ? folder : settings.base! };
  const {
    accumulate: _a,
    batchSize: _b,
    beta: _c,
    epochs: _e,
    // The local trainer's own; the worker has `precision` and `quantise`.
    frozenPrecision: _f,
    maxMinutes,
    ...rest
  } = hyperparameters;
  const { precision, quantise } = settings;
  return {
    type: 'train',
    protocol: 1,
    base,
    train: await write('worker-train.jsonl', train.map(plain)),
    validation: validation.length > 0 ? await write('worker-validation.jsonl', validation.map(plain)) : null,
    steps: await write('worker-steps.jsonl', steps),
    // More time is no other training, and neither is another way to cut a step.
    fingerprint: hashJson({
      base: [base, await sha256OfFile(job.baseFile)],
      hyperparameters: rest,
      precision,
      quantise,
      steps,
      train: train.map(plain),
      validation: validation.map(plain),
    }),
    output: raw,
    checkpoint: checkpointDirectory,
    resume: true,
    checkpointEverySeconds: context.checkpointEverySeconds,
    evaluateEverySteps: null,
    evaluations,
    precision,
    quantise,
    microBatchSize:
      settings.microBatchSize ?? (hyperparameters.accumulate > 1 ? hyperparameters.batchSize : null),
    threads: settings.threads ?? null,
    initialAdapter: null,
    ...rest,
    maxMinutes: maxMinutes ?? null,
  };
}

/** The settings and the number of evaluations that the local trainer would come to. */
function resolved({ train, validation, hyperparameters }: TrainingJob) {
  for (const [index, { labelSpans }] of train.entries()) {
    if (labelSpans.some(([start, end]) => end > Math.max(1, start))) continue;
    throw new InvalidInputError({
      domain: 'tune',
      where: `example ${index}`,
      message: `Training example ${index} has no label.`,
      hint: 'End it with a reply to learn.',
    });
  }
  return hyperparametersFor(nnHyperparameters(hyperparameters), dataSize(train, validation), 'sft');
}

function refusal(told: Extract<WorkerMessage, { type: 'error' }>, job: TrainingJob): Error {
  const { code, message, hint } = told;
  if (code === 'diverged')
    return new TrainingDivergedError({
      message,
      hint,
      step: told.step ?? 0,
      examples: told.examples ?? [],
      checkpoint: job.checkpointDirectory,
    });
  if (code === 'memory' || code === 'protocol') return new WorkerError({ message, hint });
  return new InvalidInputError({ domain: 'tune', where: 'tune.worker', message, hint });
}
