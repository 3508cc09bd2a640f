/** The loop that embedder and cross-encoder trainings share: steps, schedule, validation, the best kept. */
import { existsSync } from 'node:fs';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import type { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { seededRandom } from '../graph/finite-differences.ts';
import type { BertLora } from '../models/bert-training.ts';
import { type BertModel, bertLinears } from '../models/bert-weights.ts';
import { checkpointPath, prepareFolder } from './checkpoint.ts';
import { divergence } from './divergence.ts';
import { restoreEncoderCheckpoint, saveEncoderCheckpoint } from './encoder-checkpoint.ts';
import { EncoderOptimizer } from './encoder-optimizer.ts';
import type { EncoderGradients } from './encoder-passes.ts';
import { outOfRange, refuseUnknown } from './options.ts';
import { Pace } from './pace.ts';
import { patienceIsOver } from './patience.ts';
import { learningRateFactor, type Schedule, schedules } from './schedule.ts';
import { breathe, TrainingStopped } from './stop.ts';
import type { TrainingHooks, TrainingProgress } from './training-job.ts';

export interface EncoderHyperparameters {
  /** `full` trains every weight; `lora` low-rank changes of all linears, which are then folded in. Default `full`. */
  method: 'full' | 'lora';
  /** For LoRA. Default 16, scaled by alpha / rank; alpha 32. */
  rank: number;
  alpha: number;
  /**
   * Of the layers' products when all weights are trained: `int8` computes outputs and gradients in eight bits, with 0.7 of float32's
   * processor time (3.4 s instead of 4.9 for 64 of the clinic's pairs), where the CPU has integer dot products, and is refused where
   * it has none. Default `float32`.
   */
  products: 'float32' | 'int8';
  /** At its peak. Default 5e-5, for LoRA 1e-3. */
  learningRate: number;
  /** Pairs in a step. Default 64 for an embedder (the others in it are its negatives), 16 for a cross-encoder. */
  batchSize: number;
  /** Default 1. */
  epochs: number;
  /** After the warm-up: a line, or half a cosine, down to zero, or the peak kept. Default `linear`. */
  schedule: Schedule;
  /** Share of the steps over which the learning rate rises. Default 0.1. */
  warmupFraction: number;
  /**
   * Stop when this many measurements of the validation loss in a row were no better than the best before them. The best weights are
   * kept in any case. Default 0: never.
   */
  patience: number;
  /** Gradients are scaled down to this norm over all parameters. Default 1; 0 turns clipping off. */
  maxGradientNorm: number;
  /** Decoupled, on matrices only. Default 0. */
  weightDecay: number;
  /** Decides the order of the examples, and the beginning of what does not come with the model. Default 1. */
  seed: number;
}

export interface EncoderValidation {
  step: number;
  loss: number;
  /** Share of the held-out queries whose nearest (highest-scored) candidate is right. */
  recallAt1: number;
}

export interface EncoderMetrics {
  steps: number;
  /** What all epochs would have taken; more than `steps` where patience was over before. */
  plannedSteps: number;
  /** Without padding and without validation. */
  tokens: number;
  /** Pairs trained on, counting each as often as it was. */
  pairs: number;
  seconds: number;
  /** Pairs and tokens per second of the steps themselves: loading and validation are not counted. */
  pairsPerSecond: number;
  tokensPerSecond: number;
  /** Peak resident memory of the whole process. */
  peakMemoryBytes: number;
  losses: number[];
  validation: EncoderValidation[];
  /** The step whose weights are kept: the one with the lowest validation loss, or the last. */
  bestStep: number;
  /** `patience`: the validation loss had stopped falling. */
  stoppedBy: 'epochs' | 'patience';
}

export interface EncoderProgress extends TrainingProgress {
  pairsPerSecond?: number;
  recallAt1?: number;
}

/** Where a training keeps what it needs to go on after it was killed. */
export interface EncoderCheckpoints {
  /** Folder for the checkpoint; without it nothing is kept. */
  checkpointDirectory?: string;
  /**
   * Least seconds between two checkpoints. Default 60, or more where writing one takes long (it is as large as four models): it is
   * to take less than a twentieth of the time. One is written at the end and when stopped in any case.
   */
  checkpointEverySeconds?: number;
  /** Go on from the folder's checkpoint if there is one. Default false: begin anew. */
  resume?: boolean;
}

export type EncoderHooks = Omit<TrainingHooks, 'onProgress'> & {
  onProgress?: (progress: EncoderProgress) => void;
};

/** What one kind of training brings to the loop. */
export interface EncoderTask {
  /** The steps of one epoch: places of examples. */
  steps(epoch: number): number[][];
  /** Tokens in a step: what its time is in proportion to. */
  tokens(step: readonly number[]): number;
  /** Loss and gradients of a step. */
  run(step: readonly number[]): Promise<{ loss: number; tokens: number; gradients: EncoderGradients }>;
  validate?: (() => Promise<Omit<EncoderValidation, 'step'>>) | undefined;
}

/** Everything in the calling thread. Leaves in `parameters` the best values found. */
export async function runEncoderTraining(options: {
  task: EncoderTask;
  parameters: ReadonlyMap<string, Float32Array>;
  isMatrix: (name: string) => boolean;
  width: number;
  settings: EncoderHyperparameters;
  evaluateEverySteps?: number | undefined;
  /** `fingerprint`: of all that decides the result. */
  checkpoints: EncoderCheckpoints & { fingerprint: string };
  hooks: EncoderHooks;
}): Promise<EncoderMetrics> {
  const { task, parameters, settings, hooks } = options;
  const { checkpointDirectory: directory, checkpointEverySeconds, fingerprint } = options.checkpoints;
  const started = performance.now();
  const progress = hooks.onProgress ?? (() => {});
  const steps: number[][] = [];
  for (let epoch = 0; epoch < Math.ceil(settings.epochs); epoch++) {
    const own = task.steps(epoch);
    const share = Math.min(1, settings.epochs - epoch);
    steps.push(...own.slice(0, Math.ceil(own.length * share)));
  }
  if (steps.length === 0) {
    throw new InvalidHyperparameterError({
      parameter: 'pairs',
      message: 'There is nothing to train on: no two pairs can be told apart in one batch.',
      hint: 'Give pairs with different positives, or with negatives.',
    });
  }

  const optimizer = new EncoderOptimizer(parameters, options.isMatrix, { ...settings, width: options.width });
  const { moments } = optimizer;
  if (directory) await prepareFolder(directory);
  const saved =
    directory && options.checkpoints.resume
      ? await restoreEncoderCheckpoint(directory, { parameters, moments }, fingerprint)
      : undefined;
  if (saved) optimizer.restored();
  const soFar = saved?.soFar ?? {
    step: 0,
    seconds: 0,
    stepSeconds: 0,
    tokens: 0,
    pairs: 0,
    losses: [],
    validation: [],
  };
  let best = saved?.best;
  const secondsBefore = soFar.seconds;
  const elapsed = () => secondsBefore + (performance.now() - started) / 1000;
  let savedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let savingSeconds = 0;
  const save = async () => {
    if (!directory) return;
    const from = performance.now();
    soFar.seconds = elapsed();
    await saveEncoderCheckpoint(directory, { soFar, parameters, moments, best }, fingerprint);
    savedAt = performance.now();
    savingSeconds = (savedAt - from) / 1000;
  };

  const warmupSteps = Math.round(settings.warmupFraction * steps.length);
  const evaluateEvery = options.evaluateEverySteps ?? Math.max(1, Math.ceil(steps.length / 8));
  const costs = steps.map((step) => task.tokens(step));
  const costUpTo = [0];
  for (const cost of costs) costUpTo.push(costUpTo.at(-1)! + cost);
  const pace = new Pace();
  let validationSeconds = 0;
  const secondsLeft = () => {
    const training = pace.secondsFor(costUpTo.at(-1)! - costUpTo[soFar.step]!);
    if (training === undefined) return undefined;
    return training + validationSeconds * Math.ceil((steps.length - soFar.step) / evaluateEvery);
  };

  const validate = async () => {
    const { step, validation } = soFar;
    if (!task.validate || validation.at(-1)?.step === step) return;
    progress({ stage: 'measuring validation loss', done: step, total: steps.length, unit: 'steps' });
    const from = performance.now();
    const measured = { step, ...(await task.validate()) };
    validationSeconds = (performance.now() - from) / 1000;
    // Of equals the later is kept, which has seen more.
    if (validation.every(({ loss }) => measured.loss <= loss)) {
      best = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
      soFar.bestStep = step;
    }
    validation.push(measured);
    const left = secondsLeft();
    progress({
      stage: 'training',
      done: step,
      total: steps.length,
      unit: 'steps',
      detail: `validation loss ${measured.loss.toFixed(4)}, recall@1 ${measured.recallAt1.toFixed(3)}`,
      validationLoss: measured.loss,
      recallAt1: measured.recallAt1,
      ...(left !== undefined && { secondsLeft: left }),
    });
  };

  try {
    for (;;) {
      const due = soFar.step === 0 || soFar.step === steps.length || soFar.step % evaluateEvery === 0;
      if (due) await validate();
      if (soFar.step === steps.length || patienceIsOver(soFar.validation, settings.patience)) break;
      const chosen = steps[soFar.step]!;
      await breathe(hooks.stopRequested);
      const from = performance.now();
      const { loss, gradients, tokens: own } = await task.run(chosen);
      const norm = EncoderOptimizer.norm(gradients);
      failed = !Number.isFinite(loss) || !Number.isFinite(norm);
      if (failed) throw await diverged(chosen);
      // Only here is it known that the state gives a loss and a gradient: what is on disk can be gone on from.
      const pause = checkpointEverySeconds ?? Math.max(60, 20 * savingSeconds);
      const saving = performance.now();
      if ((saving - savedAt) / 1000 >= pause) await save();
      const notTraining = performance.now() - saving;
      const step = soFar.step + 1;
      const rate =
        settings.learningRate * learningRateFactor(step, warmupSteps, steps.length, settings.schedule);
      optimizer.update(gradients, norm, step, rate);
      soFar.step = step;
      soFar.losses.push(loss);
      soFar.tokens += own;
      soFar.pairs += chosen.length;
      const seconds = (performance.now() - from - notTraining) / 1000;
      soFar.stepSeconds += seconds;
      pace.add(seconds, costs[step - 1]!);
      const pairsPerSecond = soFar.pairs / soFar.stepSeconds;
      progress({
        stage: 'training',
        done: step,
        total: steps.length,
        unit: 'steps',
        detail: `loss ${loss.toFixed(3)}, ${pairsPerSecond.toFixed(1)} pairs/s`,
        secondsLeft: secondsLeft()!,
        loss,
        learningRate: rate,
        gradientNorm: norm,
        tokens: soFar.tokens,
        tokensPerSecond: soFar.tokens / soFar.stepSeconds,
        pairsPerSecond,
      });
    }
    await save();
  } catch (error) {
    // Not while a divergence is looked into: what is on disk is good, and this state is not.
    if (error instanceof TrainingStopped && !failed) await save();
    throw error;
  }

  for (const [name, values] of best ?? []) parameters.get(name)!.set(values);
  return {
    steps: soFar.step,
    plannedSteps: steps.length,
    tokens: soFar.tokens,
    pairs: soFar.pairs,
    seconds: elapsed(),
    pairsPerSecond: soFar.pairs / soFar.stepSeconds,
    tokensPerSecond: soFar.tokens / soFar.stepSeconds,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    losses: soFar.losses,
    validation: soFar.validation,
    bestStep: soFar.bestStep ?? soFar.step,
    stoppedBy: soFar.step === steps.length ? 'epochs' : 'patience',
  };

  /** Which of the step's pairs have no loss or gradient. Where only some have none, the state before them is sound and saved. */
  async function diverged(chosen: readonly number[]): Promise<TrainingDivergedError> {
    const culprits: number[] = [];
    for (const pair of chosen) {
      await breathe(hooks.stopRequested);
      const { loss, gradients } = await task.run([pair]);
      if (!Number.isFinite(loss) || !Number.isFinite(EncoderOptimizer.norm(gradients))) culprits.push(pair);
    }
    const all = culprits.length === chosen.length;
    if (!all) await save();
    return divergence({
      step: soFar.step + 1,
      chosen,
      culprits,
      noun: 'training pair',
      learningRate: settings.learningRate,
      checkpoint:
        directory && (savedAt > Number.NEGATIVE_INFINITY || saved) ? checkpointPath(directory) : undefined,
      // What a stopped sitting left may be the very state that has no next step.
      resumedHere: savedAt === Number.NEGATIVE_INFINITY && saved !== undefined,
    });
  }
}

/** A uniform in ±1/√in and B zero, as PEFT begins: the adapter changes nothing at first. */
export function newBertLora(model: BertModel, settings: EncoderHyperparameters): BertLora {
  const random = seededRandom(settings.seed);
  const { rank, alpha } = settings;
  const matrices = new Map<string, Float32Array>();
  for (const [name, [out, into]] of bertLinears(model.settings)) {
    const bound = 1 / Math.sqrt(into);
    matrices.set(
      `${name}.a`,
      Float32Array.from({ length: rank * into }, () => (random() * 2 - 1) * bound),
    );
    matrices.set(`${name}.b`, new Float32Array(out * rank));
  }
  return { rank, alpha, matrices };
}

/** Adds alpha / rank · B · A to the weights, in place: what is saved then needs no adapter. */
export function foldLora(model: BertModel, { rank, alpha, matrices }: BertLora): void {
  for (const [name, [out, into]] of bertLinears(model.settings)) {
    const weight = model.weights.get(`${name}.weight`)!;
    const [a, b] = [matrices.get(`${name}.a`)!, matrices.get(`${name}.b`)!];
    for (let row = 0; row < out; row++) {
      for (let column = 0; column < into; column++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += b[row * rank + r]! * a[r * into + column]!;
        weight[row * into + column]! += (alpha / rank) * sum;
      }
    }
  }
}

/** Defaults filled in and checked. */
export function encoderSettings(
  given: Partial<EncoderHyperparameters>,
  /** `own`: the setting that only this kind of training has, and reads itself. */
  defaults: { batchSize: number; own: string },
): EncoderHyperparameters {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const fallback: EncoderHyperparameters = {
    method: 'full',
    products: 'float32',
    rank: 16,
    alpha: 32,
    learningRate: stated.method === 'lora' ? 1e-3 : 5e-5,
    epochs: 1,
    schedule: 'linear',
    warmupFraction: 0.1,
    maxGradientNorm: 1,
    weightDecay: 0,
    patience: 0,
    seed: 1,
    batchSize: defaults.batchSize,
  };
  refuseUnknown(given, [...Object.keys(fallback), defaults.own], 'hyperparameter');
  const settings = { ...fallback, ...stated };
  const demand = (parameter: keyof EncoderHyperparameters, holds: boolean, range: string) => {
    if (holds) return;
    throw new InvalidHyperparameterError({
      parameter,
      message: outOfRange('hyperparameter', parameter, settings[parameter], range),
      hint: 'Change it in the configuration or leave it out for the default.',
    });
  };
  demand('method', ['full', 'lora'].includes(settings.method), '"full" or "lora"');
  demand('products', ['float32', 'int8'].includes(settings.products), '"float32" or "int8"');
  demand(
    'products',
    settings.products === 'float32' || settings.method === 'full',
    '"float32" with the method "lora"',
  );
  demand('schedule', schedules.includes(settings.schedule), schedules.join(', '));
  for (const name of ['rank', 'batchSize'] as const) {
    demand(name, Number.isInteger(settings[name]) && settings[name] >= 1, 'a whole number of at least 1');
  }
  demand('seed', Number.isInteger(settings.seed), 'a whole number');
  for (const name of ['alpha', 'learningRate', 'epochs'] as const) {
    demand(name, Number.isFinite(settings[name]) && settings[name] > 0, 'a number above 0');
  }
  demand('warmupFraction', settings.warmupFraction >= 0 && settings.warmupFraction <= 1, 'between 0 and 1');
  const { patience } = settings;
  demand(
    'patience',
    Number.isInteger(patience) && patience >= 0,
    '0 (never) or a whole number of measurements',
  );
  demand('maxGradientNorm', settings.maxGradientNorm >= 0, '0 (no clipping) or more');
  demand('weightDecay', settings.weightDecay >= 0, '0 or more');
  return settings;
}

/** @throws InvalidHyperparameterError where the folder for the result is taken: before hours of work, not after. */
export function checkOutput(directory: string): void {
  if (!existsSync(directory)) return;
  throw new InvalidHyperparameterError({
    parameter: 'outputDirectory',
    message: `${directory} exists already.`,
    hint: 'Name a folder that does not exist yet; the trained model is written there.',
  });
}
