import { createHash } from 'node:crypto';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { sha256OfFile } from '../formats/file-hash.ts';
import { seededRandom } from '../graph/finite-differences.ts';
import { openSession, type Session, type SessionOptions, type TensorData } from '../graph/index.ts';
import {
  adapterInputs,
  decoderInputs,
  decoderLossGraph,
  decoderTrainingGraph,
  type LabelledTokens,
} from '../models/decoder.ts';
import {
  type DecoderConfig,
  type DecoderModel,
  decoderFiles,
  decoderLayerSizes,
  loadDecoder,
} from '../models/decoder-weights.ts';
import { adamWUpdate, globalNorm } from './adamw.ts';
import { epochSteps, passes } from './batches.ts';
import {
  checkpointPath,
  loadCheckpoint,
  removeLeftovers,
  saveCheckpoint,
  type TrainingState,
} from './checkpoint.ts';
import { readExamples, type TrainingExample } from './examples.ts';
import { type LoraAdapter, type LoraTarget, loraModulePath, loraTargets } from './lora-adapter.ts';
import { learningRateFactor } from './schedule.ts';

export interface Hyperparameters {
  /** Default 16. */
  rank: number;
  /** The adapter is scaled by alpha / rank. Default 32. */
  alpha: number;
  /** At its peak. Default 5e-4. */
  learningRate: number;
  /** Examples in a step are batchSize · accumulate; their loss is the mean over all labelled tokens. Default 4 · 1. */
  batchSize: number;
  accumulate: number;
  /** Default 1. */
  epochs: number;
  /** Share of the steps over which the learning rate rises. Default 0.05. */
  warmupFraction: number;
  /** Gradients are scaled down to this norm over all tensors. Default 1; 0 turns clipping off. */
  maxGradientNorm: number;
  /** Decoupled. Default 0. */
  weightDecay: number;
  /** Default: all seven. */
  targetModules: LoraTarget[];
  /** Decides the adapter's beginning and the order of the examples. Default 1. */
  seed: number;
  /**
   * Stop after this many minutes, everything included: the number of steps, and with it the schedule, is estimated anew
   * from the time of the steps so far. The result then depends on the machine's speed; without it, it does not.
   */
  maxMinutes?: number;
}

export const defaultHyperparameters: Hyperparameters = {
  rank: 16,
  alpha: 32,
  learningRate: 5e-4,
  batchSize: 4,
  accumulate: 1,
  epochs: 1,
  warmupFraction: 0.05,
  maxGradientNorm: 1,
  weightDecay: 0,
  targetModules: [...loraTargets],
  seed: 1,
};

/** What a training needs, as plain data that can go to a worker thread. */
export interface TrainingJob {
  /** Path of a Llama-architecture GGUF, or a model in memory. */
  model: string | DecoderModel;
  examples: readonly TrainingExample[];
  /** Their loss is measured at the start, at times between and at the end; the adapter with the lowest is returned. */
  validation?: readonly TrainingExample[];
  hyperparameters?: Partial<Hyperparameters>;
  /** Matrices to begin from, of the rank and targets that the hyperparameters give. Default: A random, B zero. */
  initialAdapter?: LoraAdapter;
  /** Steps between two measurements of the validation loss. Default: an eighth of the training. */
  evaluateEverySteps?: number;
  /** Folder for the checkpoint; without it nothing is saved. */
  checkpointDirectory?: string;
  /** Seconds between two checkpoints. Default 60; one is written at the end and when stopped in any case. */
  checkpointEverySeconds?: number;
  /** Go on from the folder's checkpoint if there is one. Default false: begin anew. */
  resume?: boolean;
  /** Default 2. */
  threads?: number;
  /**
   * Most tokens (with padding) in one pass through the graph: what memory depends on. Default 1024; the result does not
   * depend on it beyond rounding.
   */
  tokensPerPass?: number;
}

/** Fits `ProgressListener`s that know only stage, done, total, unit and detail. */
export interface TrainingProgress {
  stage: 'loading model' | 'measuring validation loss' | 'training';
  /** Steps, or validation examples. */
  done: number;
  total: number;
  unit: 'steps' | 'examples' | 'models';
  detail?: string;
  /** Of the step just done: mean loss of its labelled tokens, before the update. */
  loss?: number;
  learningRate?: number;
  gradientNorm?: number;
  /** Trained on so far, without padding. */
  tokens?: number;
  tokensPerSecond?: number;
  /** The latest validation loss. */
  validationLoss?: number;
}

export interface TrainingMetrics {
  steps: number;
  /** What all epochs would have taken; more than `steps` where time ran out. */
  plannedSteps: number;
  /** Trained on, without padding and without validation. */
  tokens: number;
  labelledTokens: number;
  seconds: number;
  /** Tokens per second of the steps themselves: loading and validation are not counted. */
  tokensPerSecond: number;
  /** Peak resident memory of the whole process. */
  peakMemoryBytes: number;
  /** Mean loss of each step's labelled tokens, before its update. */
  losses: number[];
  validation: { step: number; loss: number }[];
  /** The step whose adapter is returned: the last, or the one with the lowest validation loss. */
  bestStep: number;
  stoppedBy: 'epochs' | 'time';
}

export interface TrainingResult {
  adapter: LoraAdapter;
  metrics: TrainingMetrics;
}

export interface TrainingHooks {
  onProgress?: (progress: TrainingProgress) => void;
  /** Asked between passes; true stops the training after saving a checkpoint. */
  stopRequested?: () => boolean;
}

/** Thrown inside the trainer when it was asked to stop; what the caller sees is the signal's own reason. */
export class TrainingStopped extends Error {}

/** The training itself, in the calling thread, which it occupies: programs call `trainLora`. */
export async function runTraining(job: TrainingJob, hooks: TrainingHooks = {}): Promise<TrainingResult> {
  const started = performance.now();
  const settings = checkHyperparameters({
    ...defaultHyperparameters,
    ...definedOnly(job.hyperparameters ?? {}),
  });
  const progress = hooks.onProgress ?? (() => {});
  progress({ stage: 'loading model', done: 0, total: 1, unit: 'models' });
  const model = typeof job.model === 'string' ? await loadDecoder(job.model) : job.model;
  progress({ stage: 'loading model', done: 1, total: 1, unit: 'models' });
  const examples = readExamples(job.examples, model.config, 'Training example');
  const validation = readExamples(job.validation ?? [], model.config, 'Validation example');
  if (examples.length === 0) {
    throw new InvalidHyperparameterError({
      parameter: 'examples',
      message: 'There is no training example.',
      hint: 'Build a dataset first.',
    });
  }

  const fingerprint = await fingerprintOf(job, examples, validation, settings);
  const directory = job.checkpointDirectory;
  if (directory) await removeLeftovers(directory);
  const saved = directory && job.resume ? await loadCheckpoint(directory, fingerprint) : undefined;
  const state = saved ?? newState(model.config, settings, job.initialAdapter);
  const adapter: LoraAdapter = {
    rank: settings.rank,
    alpha: settings.alpha,
    targetModules: settings.targetModules,
    tensors: pairs(state.parameters),
  };
  const secondsBefore = state.seconds;
  const elapsed = () => secondsBefore + (performance.now() - started) / 1000;
  const save = async () => {
    if (directory) await saveCheckpoint(directory, { ...state, seconds: elapsed() }, fingerprint);
  };

  const stepSize = settings.batchSize * settings.accumulate;
  const stepsPerEpoch = Math.ceil(examples.length / stepSize);
  const plannedSteps = Math.ceil(stepsPerEpoch * settings.epochs);
  const budget = settings.maxMinutes === undefined ? undefined : settings.maxMinutes * 60;
  const lengths = examples.map(({ tokens }) => tokens.length);
  const tokensPerPass = job.tokensPerPass ?? 1024;
  const sessionOptions = trainingSession(job.threads);

  await using trainer = await openSession(decoderTrainingGraph(model, adapter), sessionOptions);
  const evaluator =
    validation.length > 0 ? await openSession(decoderLossGraph(model, adapter), sessionOptions) : undefined;
  try {
    let totalSteps = plannedSteps;
    let evaluationSeconds = 0;
    let stepSeconds = 0;
    let stepTokens = 0;
    let stepsTimed = 0;
    const evaluateEvery = () => job.evaluateEverySteps ?? Math.max(1, Math.ceil(totalSteps / 8));

    const evaluate = async () => {
      if (!evaluator) return;
      const from = performance.now();
      const loss = await meanLoss(evaluator, validation, adapter, model.config, tokensPerPass, {
        stopRequested: hooks.stopRequested,
        onExamples: (done) =>
          progress({
            stage: 'measuring validation loss',
            done,
            total: validation.length,
            unit: 'examples',
          }),
      });
      evaluationSeconds = (performance.now() - from) / 1000;
      if (state.validation.every((measured) => loss <= measured.loss)) state.best = copyOf(state.parameters);
      state.validation.push({ step: state.step, loss });
      progress({
        stage: 'training',
        done: state.step,
        total: totalSteps,
        unit: 'steps',
        detail: `validation loss ${loss.toFixed(4)}`,
        validationLoss: loss,
      });
    };

    let lastSaved = performance.now();
    let step = state.step;
    try {
      for (;;) {
        const due = step === 0 || step >= totalSteps || step % evaluateEvery() === 0;
        if (due && state.validation.at(-1)?.step !== step) await evaluate();
        if (step >= totalSteps) break;
        if ((performance.now() - lastSaved) / 1000 >= (job.checkpointEverySeconds ?? 60)) {
          await save();
          lastSaved = performance.now();
        }

        const epoch = Math.floor(step / stepsPerEpoch);
        const order = epochSteps(lengths, stepSize, settings.seed, epoch);
        const chosen = order[step % stepsPerEpoch]!;
        const from = performance.now();
        const { loss, gradients, tokens, labelled } = await stepGradients(trainer, chosen);
        step += 1;

        const norm = globalNorm(gradients.values());
        if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
          await save();
          throw new TrainingDivergedError({
            step,
            checkpoint: directory && checkpointPath(directory),
            message: `Training diverged at step ${step}: the ${Number.isFinite(loss) ? 'gradient' : 'loss'} is no longer a number.`,
            hint: `Lower the learning rate (it was ${settings.learningRate}) or check the examples of this step (${chosen.join(', ')}).`,
          });
        }
        const warmupSteps = Math.round(settings.warmupFraction * totalSteps);
        const rate = settings.learningRate * learningRateFactor(step, warmupSteps, totalSteps);
        const clip = settings.maxGradientNorm > 0 ? Math.min(1, settings.maxGradientNorm / (norm + 1e-6)) : 1;
        for (const [name, values] of state.parameters) {
          adamWUpdate(values, gradients.get(name)!, state.moments.get(name)!, step, rate, settings, clip);
        }
        state.step = step;
        state.losses.push(loss);
        state.tokens += tokens;
        state.labelledTokens += labelled;
        stepSeconds += (performance.now() - from) / 1000;
        stepTokens += tokens;
        stepsTimed += 1;
        if (budget !== undefined) {
          const evaluationsLeft = evaluator ? Math.ceil((totalSteps - step) / evaluateEvery()) : 0;
          const left = budget - elapsed() - evaluationsLeft * evaluationSeconds;
          const affordable = Math.max(0, Math.floor(left / (stepSeconds / stepsTimed)));
          totalSteps = Math.min(plannedSteps, step + affordable);
        }
        const tokensPerSecond = stepTokens / stepSeconds;
        progress({
          stage: 'training',
          done: step,
          total: totalSteps,
          unit: 'steps',
          detail: `loss ${loss.toFixed(3)}, ${tokensPerSecond.toFixed(0)} tokens/s`,
          loss,
          learningRate: rate,
          gradientNorm: norm,
          tokens: state.tokens,
          tokensPerSecond,
        });
      }
      await save();
    } catch (error) {
      if (error instanceof TrainingStopped) await save();
      throw error;
    }
    return finish();

    function finish(): TrainingResult {
      const lowest = Math.min(...state.validation.map(({ loss }) => loss));
      return {
        adapter: { ...adapter, tensors: pairs(state.best ?? state.parameters) },
        metrics: {
          steps: state.step,
          plannedSteps,
          tokens: state.tokens,
          labelledTokens: state.labelledTokens,
          seconds: elapsed(),
          tokensPerSecond: stepSeconds > 0 ? stepTokens / stepSeconds : 0,
          peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
          losses: state.losses,
          validation: state.validation,
          bestStep: state.validation.findLast(({ loss }) => loss === lowest)?.step ?? state.step,
          stoppedBy: state.step < plannedSteps ? 'time' : 'epochs',
        },
      };
    }
  } finally {
    await evaluator?.[Symbol.asyncDispose]();
  }

  /** Loss (mean) and gradients (of the mean) of the step's examples, over as many passes as memory asks for. */
  async function stepGradients(session: Session, chosen: readonly number[]) {
    const labelled = chosen.reduce((total, index) => total + examples[index]!.labels.length, 0);
    const seed: TensorData = { data: Float32Array.of(1 / labelled), shape: [] };
    const weights = adapterInputs(adapter, model.config);
    const gradients = new Map<string, Float32Array>();
    let loss = 0;
    for (const pass of passes(chosen, lengths, tokensPerPass)) {
      await breathe(hooks.stopRequested);
      const results = await session.run({
        ...weights,
        ...decoderInputs(pass.map((index) => examples[index]!)),
        seed,
      });
      loss += (results.loss!.data as Float32Array)[0]! / labelled;
      for (const name of state.parameters.keys()) {
        const part = results[`${name}.gradient`]!.data as Float32Array;
        const sum = gradients.get(name);
        if (sum) for (let index = 0; index < sum.length; index++) sum[index]! += part[index]!;
        else gradients.set(name, part);
      }
    }
    const tokens = chosen.reduce((total, index) => total + lengths[index]!, 0);
    return { loss, gradients, tokens, labelled };
  }
}

/**
 * Weights are fed from this thread's memory (no second copy), nodes kept as written (their order holds the memory
 * down). Threads sleep between operators: beside other work, spinning took 6 ms of CPU a token where sleeping takes
 * 4.2; on an idle machine there is no difference in time.
 */
export function trainingSession(threads = 2): SessionOptions {
  return { threads, weights: 'fed', optimize: 'none', spin: false };
}

/** Mean cross-entropy over all labelled tokens of the examples. */
export async function meanLoss(
  session: Session,
  examples: readonly LabelledTokens[],
  adapter: LoraAdapter | undefined,
  config: DecoderConfig,
  tokensPerPass: number,
  hooks: { stopRequested?: (() => boolean) | undefined; onExamples?: (done: number) => void } = {},
): Promise<number> {
  const weights = adapter ? adapterInputs(adapter, config) : {};
  const lengths = examples.map(({ tokens }) => tokens.length);
  let total = 0;
  let labelled = 0;
  let done = 0;
  for (const pass of passes(
    examples.map((_, index) => index),
    lengths,
    tokensPerPass,
  )) {
    await breathe(hooks.stopRequested);
    const inputs = decoderInputs(pass.map((index) => examples[index]!));
    const { loss } = await session.run({ ...weights, ...inputs });
    total += (loss!.data as Float32Array)[0]!;
    labelled += inputs.labels.shape[0]!;
    hooks.onExamples?.((done += pass.length));
  }
  return total / labelled;
}

/** Lets messages in, then stops if that was asked for. */
async function breathe(stopRequested: (() => boolean) | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (stopRequested?.()) throw new TrainingStopped('The training was asked to stop.');
}

/** A uniform in ±1/√in and B zero, as PEFT begins: the adapter changes nothing at first. */
function newState(
  config: DecoderConfig,
  settings: Hyperparameters,
  initial: LoraAdapter | undefined,
): TrainingState {
  const sizes = decoderLayerSizes(config);
  const random = seededRandom(settings.seed);
  const parameters = new Map<string, Float32Array>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of loraTargets) {
      if (!settings.targetModules.includes(target)) continue;
      const { out, in: into } = sizes[target];
      const bound = 1 / Math.sqrt(into);
      const path = loraModulePath(layer, target);
      if (initial) {
        const pair = initial.tensors.get(path);
        if (pair?.a.length !== settings.rank * into || pair.b.length !== out * settings.rank) {
          throw new InvalidHyperparameterError({
            parameter: 'initialAdapter',
            message: `The initial adapter has ${pair ? 'matrices of another size' : 'nothing'} for ${path}.`,
            hint: 'Give an adapter with the rank and target modules of this training, or none.',
          });
        }
        parameters.set(`${path}.a`, pair.a.slice()).set(`${path}.b`, pair.b.slice());
        continue;
      }
      const a = Float32Array.from({ length: settings.rank * into }, () => (random() * 2 - 1) * bound);
      parameters.set(`${path}.a`, a).set(`${path}.b`, new Float32Array(out * settings.rank));
    }
  }
  const moments = new Map(
    [...parameters].map(([name, { length }]) => [
      name,
      { first: new Float32Array(length), second: new Float32Array(length) },
    ]),
  );
  return {
    step: 0,
    seconds: 0,
    tokens: 0,
    labelledTokens: 0,
    losses: [],
    validation: [],
    parameters,
    moments,
  };
}

function pairs(parameters: ReadonlyMap<string, Float32Array>): LoraAdapter['tensors'] {
  const result: LoraAdapter['tensors'] = new Map();
  for (const [name, a] of parameters) {
    if (!name.endsWith('.a')) continue;
    const path = name.slice(0, -2);
    result.set(path, { a, b: parameters.get(`${path}.b`)! });
  }
  return result;
}

function copyOf(parameters: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...parameters].map(([name, values]) => [name, values.slice()]));
}

function definedOnly<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

async function fingerprintOf(
  { model, initialAdapter }: TrainingJob,
  examples: readonly LabelledTokens[],
  validation: readonly LabelledTokens[],
  settings: Hyperparameters,
): Promise<string> {
  const hash = createHash('sha256');
  if (typeof model === 'string') {
    for (const file of await decoderFiles(model)) hash.update(await sha256OfFile(file));
  } else hash.update(JSON.stringify(model.config));
  // More time is no other training: a run that was stopped by the clock may be given more.
  const { maxMinutes: _, ...rest } = settings;
  hash.update(JSON.stringify(Object.entries(rest).sort()));
  for (const [path, { a, b }] of initialAdapter?.tensors ?? []) hash.update(path).update(a).update(b);
  for (const { tokens, labels } of [...examples, ...validation]) {
    hash.update(JSON.stringify([Array.from(tokens), Array.from(labels)]));
  }
  return hash.digest('hex');
}

function checkHyperparameters(settings: Hyperparameters): Hyperparameters {
  const demand = (parameter: keyof Hyperparameters, holds: boolean, range: string) => {
    if (holds) return;
    throw new InvalidHyperparameterError({
      parameter,
      message: `The hyperparameter ${parameter} is ${JSON.stringify(settings[parameter])}; it must be ${range}.`,
      hint: 'Change it in the configuration or leave it out for the default.',
    });
  };
  for (const name of ['rank', 'batchSize', 'accumulate'] as const) {
    demand(name, Number.isInteger(settings[name]) && settings[name] >= 1, 'a whole number of at least 1');
  }
  demand('seed', Number.isInteger(settings.seed), 'a whole number');
  for (const name of ['alpha', 'learningRate', 'epochs'] as const) {
    demand(name, Number.isFinite(settings[name]) && settings[name] > 0, 'a number above 0');
  }
  demand('warmupFraction', settings.warmupFraction >= 0 && settings.warmupFraction <= 1, 'between 0 and 1');
  demand('maxGradientNorm', settings.maxGradientNorm >= 0, '0 (no clipping) or more');
  demand('weightDecay', settings.weightDecay >= 0, '0 or more');
  if (settings.maxMinutes !== undefined) demand('maxMinutes', settings.maxMinutes > 0, 'a number above 0');
  const known: readonly string[] = loraTargets;
  demand(
    'targetModules',
    settings.targetModules.length > 0 && settings.targetModules.every((target) => known.includes(target)),
    `one or more of ${loraTargets.join(', ')}`,
  );
  return settings;
}
